namespace Marrow.Tasks.Multitask;

/// <summary>One part of a model of several tasks: what stands on the backbone that all parts share.</summary>
/// <param name="Name">The name of the part. Its keys begin with "parts.NAME.".</param>
/// <param name="Model">
/// The model that the part would be alone, with a backbone of its own, such as a "points-resnet18".
/// </param>
internal sealed record PartSpec(string Name, ModelSpec Model);
