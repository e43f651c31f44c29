namespace Marrow.Datasets;

/// <summary>Every data set format by name.</summary>
public static class DatasetCatalogue
{
}
