using System.Globalization;
using Marrow.Checkpoints;
using YamlDotNet.Serialization;

namespace Marrow.Tests.Checkpoints;

public class FrontMatterTests
{
    public static TheoryData<string> Texts =>
        [
            "mit",
            "CC-BY-4.0",
            "no",
            "Yes",
            "~",
            "null",
            "1",
            "1e3",
            "0x1F",
            "1_000",
            "12:30",
            "2026-11-29",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#a",
            " a",
            "a ",
            "",
            "[a]",
            "{a}",
            "a, b",
            "'a'",
            "\"a\"",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "a\nb",
            "a\tb",
            "é",
            "日本",
            "a\\b",
            "|",
            ">",
            "?",
            "? a",
            "a:",
            "<<",
            "=",
            ".nan",
            "\u0085",
            "\u2028",
        ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_is_read_as_it_was_written_wherever_it_stands(string text)
    {
        var front = FrontMatter.Write(
            new Dictionary<string, object>
            {
                ["license"] = text,
                ["tags"] = new object[] { text, "b" },
                ["model-index"] = new object[]
                {
                    new Dictionary<string, object> { ["name"] = text, ["results"] = new object[] { text } },
                },
                [text.Length == 0 ? "empty" : text] = "value",
                ["value"] = 1.5,
            }
        );
        var read = new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(front);
        var model = (Dictionary<object, object>)((List<object>)read["model-index"])[0];

        Assert.Equal(text, read["license"]);
        Assert.Equal([text, "b"], (List<object>)read["tags"]);
        Assert.Equal(text, model["name"]);
        Assert.Equal([text], (List<object>)model["results"]);
        Assert.Equal("value", read[text.Length == 0 ? "empty" : text]);
        Assert.Equal(1.5, double.Parse((string)read["value"], CultureInfo.InvariantCulture));
        // A text must not be read as a number or a truth value by those who look at how it is written.
        var line = front.Split('\n')[0];
        Assert.True(
            line.Contains('"') || System.Text.RegularExpressions.Regex.IsMatch(line, "^license: [A-Za-z]"),
            line);
    }

    [Fact]
    public void Lists_and_maps_without_anything_are_empty()
    {
        var read = new DeserializerBuilder()
            .Build()
            .Deserialize<Dictionary<object, object>>(
                FrontMatter.Write(
                    new Dictionary<string, object>
                    {
                        ["tags"] = Array.Empty<object>(),
                        ["index"] = new Dictionary<string, object>(),
                    }
                ));
        Assert.Empty((List<object>)read["tags"]);
        Assert.Empty((Dictionary<object, object>)read["index"]);
    }
}
