namespace Marrow.Models;

/// <summary>Every architecture by name.</summary>
public static class ModelCatalogue
{
}
