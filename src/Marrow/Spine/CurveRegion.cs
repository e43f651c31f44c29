namespace Marrow.Spine;

/// <summary>
/// Where a curve has its apex. The limits are those of the Scoliosis Research Society, with the division of thoracic
/// curves by Lenke et al. 2001 (J Bone Joint Surg Am 83-A: 1169-1181): proximal thoracic T3 to T5, main thoracic T6 to
/// the disc T11/T12, thoracolumbar T12 to L1, lumbar the disc L1/L2 to L4. What lies above T3 or between T5 and T6
/// counts as proximal thoracic here, and what lies below L4 as lumbar.
/// </summary>
public enum CurveRegion
{
    ProximalThoracic,
    MainThoracic,
    Thoracolumbar,
    Lumbar,
}

/// <summary>Left or right, of an image or of a patient as the property says.</summary>
public enum Side
{
    Left,
    Right,
}
