using Marrow.Imaging;

namespace Marrow.Tests.Imaging;

/// <summary>
/// JPEGs of 40 x 36 px as libjpeg-turbo 2.1 writes them (cjpeg -quality 60 and -grayscale -optimize, -progressive,
/// -restart 2B, or -progressive -restart 1 -sample 2x2 in colour), and one in CMYK by ImageMagick 6.
/// </summary>
public sealed class JpegDataTests : IDisposable
{
    private const string Baseline =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxO" +
        "UlNSMj5aYVpQYEpRUk//wAALCAAkACgBAREA/8QAGgAAAgMBAQAAAAAAAAAAAAAAAwQBAgUABv/EACcQAAIBAwMEAAcAAAAAAAAA" +
        "AAECEQADIQQSMQVBUXETFSIyYYHh/9oACAEBAAA/APJfLFuzsw45g80jf0d7TuRBAmPVKi20wh/PGKc09yVC3EnGR5q5sW7pLFCD" +
        "wQK32Gw49GaOli3qLGxj92D4rOborJdIEMRwWHFdb6WReJH8pxunKLZlJPczFbr9NF5FYINxgmBzUp08IwXaR+oijW9DcDEbdw9Z" +
        "pm300XlO23DR4qr9LltrLBGAfNammsKCVgY7+aM2hW5JETyI7Va1pAghgNx8GmEspIUAIe55mp1OmVsqoLDg0X4SG88jjiudAhDD" +
        "nFH2j6fVURQTtIxNTayR7r//2Q==";
    private const string Progressive =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxO" +
        "UlNSMj5aYVpQYEpRUk//wgALCAAkACgBAREA/8QAGQAAAwEBAQAAAAAAAAAAAAAAAAIDBAEF/9oACAEBAAAAAfIhKzb6Zi28evNT" +
        "9oOPw//EABwQAAICAwEBAAAAAAAAAAAAAAABAhEDEyEQEv/aAAgBAQABBQLXY4OJRFlJ+UpLT1Yu6+a7NYoMWOzURR8WKJRKJXfU" +
        "f//EABcQAAMBAAAAAAAAAAAAAAAAABAhMDH/2gAIAQEABj8CLllP/8QAHBAAAwEBAQEBAQAAAAAAAAAAAAERMSFBEFFx/9oACAEB" +
        "AAE/IZxo6K8OEQ2QfBSX6N1+v78LTwOac6KHIVZSPnQ+o0JwaiO6JcwQ8XSLGp0mCXnx/9oACAEBAAAAEPXYEv8A/8QAHxABAAIC" +
        "AwADAQAAAAAAAAAAAQARITFBUXFhgZHh/9oACAEBAAE/EM3U7p3GJSF15Cyn86xLBZxk7i1THSEF8eNy83R6iMKRpGogk/kEru8t" +
        "1CENqWjcIrD6qoBGDzMBMFOpdgEwPcMtDHPcsEq9lcQzQLdMugB8u7mcBGmX2mtQ2DeJT8QlsYuZp7P/2Q==";
    private const string Restarts =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxO" +
        "UlNSMj5aYVpQYEpRUk//wAALCAAkACgBAREA/8QAGgAAAgMBAQAAAAAAAAAAAAAABAUBBgcCAP/EACcQAAIBAwMEAAcAAAAAAAAA" +
        "AAECEQADIQQSMQVBUXETFSIyYYHh/90ABAAC/9oACAEBAAA/AKl8sW7OzDjmDzQN/R3tO5EECY9V/9DOhbaYQ/njFGae5KhbiTjI" +
        "81//0aSbFu6SxQg8ECn7DYcejNf/0l6WLeosbGP3YPilzdFZLpAhiOCw4r//069b6WReJH8oxunKLZlJPczFf//UIfpovIrBBuME" +
        "wOalOnhGC7SP1EV//9U+3obgYjbuHrNE2+mi8p224aPFf//WbP0uW2ssEYB80001hQSsDHfzX//XuDaFbkkRPIjtXVrSBBDAbj4N" +
        "f//QvSWUkKAEPc8zU6nTK2VUFhwa/9HQPhIbzyOOK86BCGHOK//S0faPp9VwignaRia//9PRbWSPdf/Z";
    private const string ColourProgressive =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7" +
        "gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8" +
        "fHx8fHx8fHz/wgARCAAkACgDASIAAhEBAxEB/8QAGQAAAwEBAQAAAAAAAAAAAAAAAAECAwQF/8QAGQEAAwEBAQAAAAAAAAAAAAAA" +
        "AAECBAMF/90ABAAD/9oADAMBAAIQAxAAAAHmhs3TeTl6ElX/AP/Q4XlW7pVZ3NADP//R8xB6kUwdIAX/xAAZEAADAQEBAAAAAAAA" +
        "AAAAAAAAAREgEDH/3QAEAAX/2gAIAQEAAQUCPOXn/9C5/9HP/9JMoijP/9PP/8QAGBEBAQEBAQAAAAAAAAAAAAAAAAESAiH/3QAE" +
        "AAP/2gAIAQMBAT8B16nTcf/Q2nbb/9FFf//EABkRAQADAQEAAAAAAAAAAAAAAAABEhMhAv/aAAgBAgEBPwGnEeGb/9CnFGb/0Uof" +
        "/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/dAAQABf/aAAgBAQAGPwI//9A//9E//9I//9M//8QAGhAAAwADAQAAAAAAAAAAAAAAAAER" +
        "ECExUf/aAAgBAQABPyGXnTbF8FpvH//QFqGhdKf/0U6UTFsaP//SgOhhBj//08LDZ//dAAQAA//aAAwDAQACAAMAAAAQCSy//9Ap" +
        "PD//0Xngv//EABkRAAIDAQAAAAAAAAAAAAAAAAABEBEhQf/aAAgBAwEBPxB8Bt6JR//QOBQ//9GLaf/EABoRAQEBAAMBAAAAAAAA" +
        "AAAAAAEAESExQVH/2gAIAQIBAT8Q2RN5LD1f/9ADhj6hJt//0fb3dL//xAAfEAADAAICAgMAAAAAAAAAAAAAAREhMUFxUWGBkbH/" +
        "3QAEAAX/2gAIAQEAAT8Qa3UTc5OYKti8IYbrR//QTpfoli3sanh1ryhn2HK1k//RgUHGB1e30Rrso48H/9LIWOyCifsRYovYl9+T" +
        "/9Pb+C6NxOsZE/Z//9k=";
    private const string Cmyk =
        "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAUDg8SDw0UEhASFxUUGB4yIR4cHB49LC4kMklATEtHQEZFUFpzYlBVbVZFRmSIZW13e4GC" +
        "gU5gjZeMfZZzfoF8/9sAQwEVFxceGh47ISE7fFNGU3x8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8" +
        "fHx8fHx8/8AAFAgAJAAoBAEiAAIRAQMRAQQiAP/EABkAAAMBAQEAAAAAAAAAAAAAAAACBAMFAf/EACUQAAIBAwMEAwEBAAAAAAAA" +
        "AAECAAMRIQQSMUFRYXEUIjKRE//EABoBAAEFAQAAAAAAAAAAAAAAAAMAAgQFBgH/xAAgEQACAgEEAwEAAAAAAAAAAAAAAQIRAwQU" +
        "ITESIkFR/9oADgQBAAIRAxEEAAA/AKGqFDng8eI6VFcYIxMnUt0iWKtgDH9jFq4OVGY8U0d7UWZyVO1uwk1LU1KLG5wp4mL6hmW4" +
        "UXtmC1N1PbcWIsRLCwP6iEfbBibwQDx4B5jEjbeGnqI16sHVFfyw5IU3BPEro6sNYNkTgVFbcNjZA4lNKoQdw/QGReOMcGExV8i3" +
        "8hAbxLsTizuIyEgqcHpCcf5u1RZTf3CbpSIvuFjxkxW0xILA2M6DUrkHPqApEYmcWVp2i/2aXAukotVQGwv2PHuaajRsilgSp624" +
        "mujP+TW2nr0llVS9I2sOLTmGlkGwhUpsgycS2pQbd49RWo2W5BI7Qiyv9I70iumcCkr7zcbvIlr6dmUkdsz2lpnViCBnPEtQKFN6" +
        "ZAPN5CoNvqMdR2hLqOnFuwPTtCJ5ULaM45oM2Bi2DmE7NPS03W9hY8HtCXkWGO89GbwhIZd/DTUU1VyRcXF4qMWQEwhFcXmbiywh" +
        "HIFMqKKWEzrqNvswhHpqLkeIQhOPsdFcC6YnYB0MIQn/2Q==";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Baseline)]
    [InlineData(Progressive)]
    [InlineData(Restarts)]
    [InlineData(ColourProgressive)]
    public void A_jpeg_whose_data_ends_early_is_refused_though_it_has_an_end_marker(string base64)
    {
        var whole = Convert.FromBase64String(base64);
        Assert.Equal((40, 36), Size(Read(whole)));

        var firstScan = whole.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        for (var kept = firstScan + 2 + whole[firstScan + 3]; kept < whole.Length - 4; kept++)
        {
            if (whole[kept - 1] == 0xFF)
                continue; // half a marker
            var error = Assert.Throws<MarrowException>(() => Read([.. whole[..kept], 0xFF, 0xD9]));
            Assert.Contains("expected a whole image", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_jpeg_that_lost_a_piece_from_its_middle_is_refused()
    {
        foreach (var base64 in (string[])[Baseline, Restarts, Progressive])
        {
            var whole = Convert.FromBase64String(base64);
            var scan = whole.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
            var from = scan + (whole.Length - scan) / 2;
            Assert.Throws<MarrowException>(() => Read([.. whole[..from], .. whole[(from + 40)..]]));
        }
    }

    [Fact]
    public void A_missing_restart_interval_is_missed()
    {
        var whole = Convert.FromBase64String(Restarts);
        var first = whole.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD0]);
        var second = whole.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD1]);

        Assert.True(first > 0 && second > first);
        Assert.Equal(JpegData.Fault.None, JpegData.Find(whole));
        Assert.Equal(JpegData.Fault.EndsEarly, JpegData.Find([.. whole[..first], .. whole[second..]]));
    }

    [Fact]
    public void A_progressive_jpeg_without_its_last_scan_ends_early()
    {
        var whole = Convert.FromBase64String(Progressive);
        var last = whole.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);

        Assert.Equal(JpegData.Fault.EndsEarly, JpegData.Find([.. whole[..last], 0xFF, 0xD9]));
    }

    [Fact]
    public void What_follows_the_end_marker_is_nobodys_business()
    {
        var whole = Convert.FromBase64String(Baseline);

        Assert.Equal(JpegData.Fault.None, JpegData.Find([.. whole, .. new byte[500]]));
    }

    [Fact]
    public void Flipped_bits_end_no_walk_in_anything_but_a_verdict()
    {
        var random = new SeededRandom(5);
        foreach (var base64 in (string[])[Baseline, Progressive, Restarts, ColourProgressive])
        {
            for (var trial = 0; trial < 500; trial++)
            {
                var bytes = Convert.FromBase64String(base64);
                for (var flip = 0; flip < 3; flip++)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                Assert.True(Enum.IsDefined(JpegData.Find(bytes)));
            }
        }
    }

    [Fact]
    public void Cmyk_of_adobes_kind_becomes_luma_and_says_so()
    {
        var image = Read(Convert.FromBase64String(Cmyk));

        Assert.Equal((40, 36), Size(image));
        Assert.Equal(["CMYK converted to luma."], image.Warnings);
        Assert.InRange(image.Pixels.Average(p => p), 59, 65); // as ImageMagick has it
    }

    [Theory]
    [InlineData(0xC3, "lossless")]
    [InlineData(0xC5, "hierarchical")]
    [InlineData(0xC9, "arithmetically coded")]
    public void A_jpeg_of_another_process_is_named(byte frame, string process)
    {
        var bytes = Convert.FromBase64String(Baseline);
        bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = frame;

        Assert.Contains(
            $"found a {process} one",
            Assert.Throws<MarrowException>(() => Read(bytes)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Twelve_bits_are_refused_with_the_programs_that_convert_them()
    {
        var bytes = Convert.FromBase64String(Baseline);
        bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 4] = 12;

        var message = Assert.Throws<MarrowException>(() => Read(bytes)).Message;
        Assert.Contains("found a JPEG of 12 bits", message, StringComparison.Ordinal);
        Assert.Contains("djpeg", message, StringComparison.Ordinal);
    }

    private Radiograph Read(byte[] bytes)
    {
        File.WriteAllBytes(_folder["a.jpg"], bytes);
        return RadiographReader.Read(_folder["a.jpg"]);
    }

    private static (int, int) Size(Radiograph image) => (image.Width, image.Height);
}
