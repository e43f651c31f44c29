using System.Text.Json;
using Marrow.Cli;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Spectre.Console;
using Spectre.Console.Testing;

namespace Marrow.Tests.Issues;

/// <summary>
/// Names, licences and cards from elsewhere are shown; they move no cursor, colour nothing and forge no line.
/// </summary>
public class VisibleTextTests
{
    private const string Hostile =
        "a\u001b[2J\u001b]0;t\u0007b\r\nwarning: "
            + "c\td\u009b31m\u202Egnp.x\u2066\u2028e\u200Bf\uFEFFg\u007F\U000E0041[red]h[/]";
    private const string Shown =
        @"a\u001B[2J\u001B]0;t\u0007b\r\nwarning: "
            + @"c\td\u009B31m\u202Egnp.x\u2066\u2028e\u200Bf\uFEFFg\u007F\uDB40\uDC41[red]h[/]";

    [Fact]
    public void Hidden_characters_are_written_as_escapes_and_all_others_stay()
    {
        Assert.Equal(Shown, VisibleText.Of(Hostile));
        Assert.Equal(Shown, VisibleText.Of(VisibleText.Of(Hostile)));
        Assert.Equal("ab", VisibleText.Of("ab"));
        Assert.Equal(@"\uD800x\uDC00", VisibleText.Of("\uD800x\uDC00"));
        const string Plain = "Größe 1,5 µm – 脊柱側弯症 ניתוח кость 🦴 é \u00A0[x] \\n";
        Assert.Equal(Plain, VisibleText.Of(Plain));
        Assert.Equal("a\nb\\r", VisibleText.Lines("a\nb\r"));
    }

    [Fact]
    public void Long_values_show_their_two_ends_and_no_half_characters()
    {
        Assert.Equal("abcdefgh", VisibleText.Elide("abcdefgh", 8));
        var elided = VisibleText.Elide(string.Concat(Enumerable.Repeat("🦴", 5000)), 300);
        Assert.True(elided.Length <= 300);
        Assert.Equal(elided, VisibleText.Of(elided));
        Assert.StartsWith("start", VisibleText.Elide("start" + new string('x', 9999) + "end", 300));
        Assert.EndsWith("end", VisibleText.Elide("start" + new string('x', 9999) + "end", 300));
    }

    [Fact]
    public void An_error_is_one_visible_line_of_bounded_length_whatever_it_quotes()
    {
        var foreign = string.Concat(Hostile); // no constant: the compiler would make one text of it
        foreach (
            var e in (MarrowException[])[MarrowException.Bad(foreign, foreign, foreign, foreign), new($"{foreign}: no")]
        )
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.Equal(VisibleText.Of(e.Message), e.Message);
            Assert.Contains(Shown, e.Message);
        }
        var huge = new string('x', 2_000_000);
        Assert.True(MarrowException.Bad(huge, huge, huge, huge).Message.Length < 5000);
        Assert.True(new MarrowException($"{huge}{1}").Message.Length < 5000);
        Assert.True(new MarrowException(huge).Message.Length <= 32_000);
        Assert.Equal("1.5, 3.00: ", new MarrowException($"{1.5}, {3:0.00}: {null as string}").Message);
    }

    [Fact]
    public void Every_mistake_of_a_recipe_keeps_its_line_and_none_makes_another()
    {
        var errors = new RecipeErrors();
        errors.Add("r.yaml\nr.yaml:9:9: forged", 1, 2, Hostile);
        errors.Add("r.yaml", 2, 3, "second");
        var message = Assert.Throws<MarrowException>(errors.ThrowIfAny).Message;
        Assert.Equal(2, message.Split('\n').Length);
        Assert.Equal(VisibleText.Lines(message), message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_that_a_command_prints_reaches_the_terminal_raw(bool isLive)
    {
        var console = new TestConsole().Width(900).EmitAnsiSequences();
        var output = new Output(console, new StringWriter(), json: false, live: isLive);
        output.Note(Hostile);
        output.Warn(Hostile);
        output.Finish(new object(), result =>
        {
            result.Line(Hostile);
            result.MarkedLine($"[bold]{Hostile}[/]");
            result.DrawFacts(Hostile, [(Hostile, Hostile)]);
            result.Draw([Hostile, "b"], [[Hostile, "1"]], Hostile);
            result.Draw([Hostile, "b"], [[Tables.Cell(Hostile, Hostile), "1"]], Hostile, hasLines: true);
            result.Draw([Hostile, "b"], [.. Enumerable.Repeat((string[])[Hostile, "1"], 501)], Hostile);
            result.Write(new Tree(new Text(Hostile.ReplaceLineEndings(""))));
            result.Write(new Panel(new Text(Hostile.ReplaceLineEndings(""))));
        });
        RunDisplay.Show(output, show =>
        {
            show(new RunEvent(stage: Hostile) { Message = Hostile, Steps = 2, Step = 1 });
            return 0;
        });
        ProgressDisplay.Show(output, ProgressUnit.Bytes, show =>
        {
            show(new(Hostile, 1, 2, ProgressUnit.Bytes));
            return 0;
        });
        var left = console.Output;
        foreach (
            var code in (string[])
                [
                    "\u001b[2J",
                    "\u001b]0",
                    "\u0007",
                    "\u009b",
                    "\u202E",
                    "\u2066",
                    "\u2028",
                    "\u200B",
                    "\uFEFF",
                    "\u007F",
                    "\U000E0041",
                    "\r",
                    "\t",
                    "\nwarning: c",
                ])
            Assert.False(left.Contains(code, StringComparison.Ordinal), VisibleText.Of(code));
        Assert.Contains("[red]h[/]", left);
        Assert.Contains(@"\u202Egnp.x", left);
    }

    [Fact]
    public void A_foreign_value_without_end_is_shown_in_part()
    {
        var (console, huge) = (new TestConsole().Width(200), new string('x', 1_000_000));
        console.DrawFacts("facts", [("summary", huge)]);
        console.Draw(["name"], [[huge]]);
        Assert.InRange(console.Output.Length, 1, 50_000);
    }

    [Fact]
    public void Json_is_visible_too_and_means_the_same()
    {
        var writer = new StringWriter();
        new Output(new TestConsole(), writer, json: true, live: false).Finish(new { Name = Hostile }, _ => { });
        Assert.Equal(Hostile, JsonDocument.Parse(writer.ToString()).RootElement.GetProperty("name").GetString());
        Assert.Equal(VisibleText.Lines(writer.ToString()), writer.ToString());
    }

    [Theory]
    [InlineData("hub", "show", "\u001b[31mx\n\u202E", "--hub", "/nowhere/\u001b]0;t\u0007")]
    [InlineData(
        "predict",
        "/nowhere/\u001b[31mx\nerror: forged\u202E.png",
        "--out",
        "/nowhere/o",
        "--checkpoint",
        "x.y"
    )]
    [InlineData("run", "/nowhere/\u001b[31mx\nerror: forged\u202E.yaml", "--verbose")]
    [InlineData("\u001b[31m\nerror: forged")]
    [InlineData("hub", "list", "--\u001b[31m\u202Ex")]
    public void Names_on_the_command_line_are_shown_and_not_obeyed(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.NotEqual(0, CommandLine.Run(args, output, error, CancellationToken.None));
        var all = (output.ToString() + error).ReplaceLineEndings("\n");
        Assert.Equal(VisibleText.Lines(all), all);
        Assert.DoesNotContain("\nerror: forged", all);
    }
}
