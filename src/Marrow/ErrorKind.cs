namespace Marrow;

/// <summary>
/// What sort of failure a <see cref="MarrowException"/> is, for a program that acts on it, as a server does by its
/// status codes.
/// </summary>
public enum ErrorKind
{
    /// <summary>What was given is wrong or does not fit together: a value, a recipe, a file of another kind.</summary>
    BadInput,

    /// <summary>What was named is not there: a file, a checkpoint, a blob of a registry.</summary>
    NotFound,

    /// <summary>
    /// The place is taken: another process works there, or something is in it that is not to be replaced.
    /// </summary>
    Conflict,

    /// <summary>What was stored is not what it was or claims to be: a hash differs, a file is cut short.</summary>
    Damaged,

    /// <summary>It is right in itself, but this version, machine or format can't do it.</summary>
    Unsupported,

    /// <summary>It is not allowed: by a licence, or by a registry that lets nobody in without a credential.</summary>
    Refused,

    /// <summary>A disk, a host or a program can't be reached or written to now; later it may be.</summary>
    Unavailable,
}
