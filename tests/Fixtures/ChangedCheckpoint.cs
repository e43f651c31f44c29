using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Marrow.Tests;

/// <summary>A checkpoint whose files were changed by someone who knows how to make its hashes true again.</summary>
internal static class ChangedCheckpoint
{
    /// <summary>Changes one of its documents, and seals it.</summary>
    public static void Edit(string folder, string file, Action<JsonObject> change)
    {
        var path = Path.Combine(folder, file);
        var document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(document);
        File.WriteAllText(path, document.ToJsonString());
        Seal(folder, file);
    }

    /// <summary>Makes the manifest true of a changed file, and its own digest true of it.</summary>
    public static void Seal(string folder, string file)
    {
        var path = Path.Combine(folder, "checkpoint.json");
        var text = File.ReadAllText(path, Encoding.Latin1);
        if (file != "checkpoint.json")
        {
            var changed = File.ReadAllBytes(Path.Combine(folder, file));
            var entry = $"(\"path\": \"{file}\",\\s*\"bytes\": )[0-9]+(,\\s*\"sha256\": \")[0-9a-f]*";
            var hash = Convert.ToHexStringLower(SHA256.HashData(changed));
            text = Regex.Replace(text, entry, m => $"{m.Groups[1].Value}{changed.Length}{m.Groups[2].Value}{hash}");
        }
        var start = "{\n  \"digest\": \"sha256:".Length;
        if (text.Length < start + 64)
            return;
        var open = string.Concat(text.AsSpan(0, start), new string('0', 64), text.AsSpan(start + 64));
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(open)));
        File.WriteAllText(path, string.Concat(text.AsSpan(0, start), digest, text.AsSpan(start + 64)), Encoding.Latin1);
    }
}
