using System.Text.Json.Serialization;

namespace Marrow.Inputs;

/// <summary>
/// The part of an input contract that says that the model looks at a strip: a curve through the items that it is asked
/// about, laid straight. What lies where the curve is comes from labels in training, and from another model's points in
/// prediction; it is not bound to one detector, since training moves the curve at random.
/// </summary>
internal sealed record InputStrip
{
    [JsonConstructor]
    internal InputStrip(double ends) => Ends = ends;

    /// <summary>The share of the strip's height that lies beyond the first item, and as much beyond the last.</summary>
    [JsonInclude] internal double Ends { get; }

    internal const double UsualEnds = 0.1;

    internal const double MaxEnds = 0.4;
}
