namespace Marrow.Computing;

/// <summary>What a model computes in.</summary>
internal enum Precision
{
    /// <summary>bf16 autocast where the device gains from it, f32 otherwise.</summary>
    Auto,
    Bf16,
    F32,
}
