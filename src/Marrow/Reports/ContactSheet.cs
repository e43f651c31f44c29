using System.Globalization;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>One picture of a contact sheet. Geometry is in original pixels, angles are in degrees.</summary>
internal sealed record ContactSheetItem
{
    internal ContactSheetItem(Func<Radiograph> load, string caption) => (Load, Caption) = (load, caption);

    /// <summary>
    /// Loads the image when its tile is drawn. It is called once; the text of a <see cref="MarrowException"/> is shown
    /// on the tile.
    /// </summary>
    internal Func<Radiograph> Load { get; init; }

    internal string Caption { get; init; }

    /// <summary>The labels or angles below the caption, wrapped into as many lines as they need.</summary>
    internal string Detail { get; init; } = "";

    /// <summary>The vertebrae, points and boxes that are drawn onto the picture.</summary>
    internal Targets Targets { get; init; } = Targets.None;

    /// <summary>True to show the grey values as they are, without a window.</summary>
    internal bool AsItIs { get; init; }

    /// <summary>
    /// Creates an item with a sample's landmarks, points, boxes, numbers, angles and labels. Positive labels are shown
    /// by name, soft ones with their value.
    /// </summary>
    public static ContactSheetItem Of(Sample sample, Dataset dataset, Func<Radiograph> load)
    {
        var detail = sample.CobbDegrees.Count > 0
            ? string.Join("  ", sample.CobbDegrees.Select(d => $"{d.ToString("F1", CultureInfo.InvariantCulture)}°"))
            : sample.Numbers.Count > 0
                ? string.Join(
                    "  ",
                    sample
                        .Numbers.Zip(dataset.NumberNames)
                        .Select(n => $"{n.Second} {NumberText.OrNone(n.First, "0.###")}"))
            : sample.Points.Count > 0
                ? $"{sample.Points.Count(p => !double.IsNaN(p.X))} of {sample.Points.Count} points"
            : sample.Boxes is { } boxes ? Boxes(boxes, dataset)
            : sample.Labels.Count > 0 ? string.Join(", ", Labels(sample, dataset).DefaultIfEmpty(NoLabel(sample))) : "";
        return new(load: load, caption: sample.Id) { Detail = detail, Targets = sample.Targets };
    }

    /// <summary>Counts the boxes of each class, such as "2 fracture, 1 hardware".</summary>
    private static string Boxes(IReadOnlyList<LabelledBox> boxes, Dataset dataset) =>
        boxes.Count == 0
            ? "no boxes"
            : string.Join(
                ", ",
                boxes
                    .CountBy(box => box.Class)
                    .OrderBy(c => c.Key)
                    .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Value} {dataset.BoxClasses[c.Key]}"))
            );

    private static IEnumerable<string> Labels(Sample sample, Dataset dataset)
    {
        var layout = dataset.Layout;
        foreach (var c in layout.Reported)
        {
            if (layout.IsUncertain(sample.Labels, c))
                yield return $"{dataset.Classes[c]} uncertain";
            else if (sample.Labels[c] >= 1)
                yield return dataset.Classes[c];
            else if (sample.Labels[c] > 0)
                yield return $"{dataset.Classes[c]} {sample.Labels[c].ToString("0.##", CultureInfo.InvariantCulture)}";
        }
    }

    private static string NoLabel(Sample sample) => sample.Labels.All(float.IsNaN) ? "unknown" : "no finding";
}

/// <summary>
/// Draws many radiographs on one picture, each with its caption and labels, so that a data set can be judged at a
/// glance.
/// </summary>
internal static class ContactSheet
{
    /// <summary>The longest side in pixels that an image needs for its tile.</summary>
    public const int LongestTileSidePx = 560;

    private const int GapPx = 14, CaptionPx = 26, TextPx = 14, LinePx = 18;
    private const int MostLines = 30; // of labels below one tile; what is left is counted

    /// <summary>
    /// Renders a PNG with at most 10 tiles in a row. The tiles are tall for spines and square for everything else.
    /// </summary>
    public static byte[] Render(IReadOnlyList<ContactSheetItem> items, string title = "")
    {
        var tall = items.Any(item => item.Targets.Vertebrae.Count > 0);
        var (tileWidth, tileHeight) = tall ? (230, LongestTileSidePx) : (260, 260);
        // A sheet about 1.4 times as wide as it is high.
        List<IReadOnlyList<string>> details = [.. items.Select(item => Wrap(item.Detail, tileWidth))];
        var meanHeight = tileHeight + CaptionPx + LinePx * details.Select(d => d.Count).DefaultIfEmpty(1).Average();
        var columns = (int)Math.Ceiling(Math.Sqrt(1.4 * items.Count * meanHeight / tileWidth));
        columns = Math.Clamp(columns, 1, Math.Clamp(items.Count, 1, 10));
        var rows = (items.Count + columns - 1) / columns;
        columns = Math.Max(1, (items.Count + rows - 1) / Math.Max(rows, 1)); // as many in the last row as can be
        // A row is as high as its longest list of labels makes it.
        List<int> rowHeights =
        [
            .. details.Chunk(columns).Select(row => tileHeight + CaptionPx + LinePx * row.Max(d => d.Count) + GapPx),
        ];
        var common = CommonFolder(items.Select(item => item.Caption));
        var top = title.Length > 0 ? 40 : 0;
        var size = new SKImageInfo(
            GapPx + columns * (tileWidth + GapPx),
            top + GapPx + rowHeights.Sum(),
            SKColorType.Rgba8888,
            SKAlphaType.Opaque);
        using var surface = SKSurface.Create(size);
        var canvas = surface.Canvas;
        canvas.Clear(new SKColor(0x10, 0x14, 0x1A));
        if (title.Length > 0)
            Text(canvas, title, GapPx, 32, size.Width - 2 * GapPx, ReportFonts.SemiBold, 20, SKColors.White);
        for (var i = 0; i < items.Count; i++)
        {
            var x = GapPx + i % columns * (tileWidth + GapPx);
            var y = top + GapPx + rowHeights.Take(i / columns).Sum();
            Tile(
                canvas,
                items[i] with
                {
                    Caption = items[i].Caption[common..],
                },
                details[i],
                SKRect.Create(x, y, tileWidth, tileHeight));
        }
        return Png.Encode(surface);
    }

    /// <summary>
    /// Returns the length of the folders with which all captions begin, since they do not help to tell the tiles apart.
    /// </summary>
    private static int CommonFolder(IEnumerable<string> captions)
    {
        var all = captions.ToList();
        if (all.Count < 2)
            return 0;
        var length = all.Min(c => c.Length);
        foreach (var caption in all)
            length = Math.Min(length, all[0].AsSpan().CommonPrefixLength(caption));
        return all[0].LastIndexOf('/', Math.Max(length - 1, 0)) + 1;
    }

    private static void Tile(SKCanvas canvas, ContactSheetItem item, IReadOnlyList<string> details, SKRect tile)
    {
        using (var ground = new SKPaint { Color = SKColors.Black })
            canvas.DrawRect(tile, ground);
        try
        {
            var radiograph = item.Load();
            var scale = Math.Min(tile.Width / radiograph.OriginalWidth, tile.Height / radiograph.OriginalHeight);
            var width = Math.Max(1, (int)(radiograph.OriginalWidth * scale));
            var height = Math.Max(1, (int)(radiograph.OriginalHeight * scale));
            var frame = SKRect.Create(
                tile.Left + (int)(tile.Width - width) / 2,
                tile.Top + (int)(tile.Height - height) / 2,
                width,
                height);
            using var picture = RadiographPicture.Render(radiograph, width, height, item.AsItIs);
            canvas.DrawBitmap(picture, frame.Left, frame.Top, SKSamplingOptions.Default);
            var toPicture = AffineTransform
                .Scale((double)width / radiograph.OriginalWidth, (double)height / radiograph.OriginalHeight)
                .Then(AffineTransform.Translate(frame.Left, frame.Top));
            canvas.Save();
            canvas.ClipRect(tile);
            var found = item
                .Targets.Vertebrae.Select((v, k) => new FoundVertebra(SpinePart.LevelName(k), v, 1))
                .ToList();
            var spine = new SpineCanvas(canvas, toPicture, frame, tile, 11);
            spine.Vertebrae(found);
            var place = new OverlayPlace(toPicture, frame, tile, 11);
            PointCanvas.Draw(canvas, place, item.Targets.Points, names: null);
            RegionCanvas.Draw(canvas, place, item.Targets.Boxes ?? []);
            canvas.Restore();
        }
        catch (MarrowException e)
        {
            Paragraph(canvas, e.Message, SKRect.Inflate(tile, -10, -10));
        }
        var grey = new SKColor(0xA9, 0xB4, 0xC0);
        Text(canvas, item.Caption, tile.Left, tile.Bottom + 18, tile.Width, ReportFonts.Regular, TextPx - 1, grey);
        foreach (var (line, text) in details.Index())
            Text(
                canvas,
                text,
                tile.Left,
                tile.Bottom + 36 + LinePx * line,
                tile.Width,
                ReportFonts.SemiBold,
                TextPx,
                SKColors.White);
    }

    /// <summary>
    /// Lines that fit the width, broken between labels where that is possible: a label that is cut can't be read. A
    /// label that is wider than the tile breaks at its words. Always one line or more, so that tiles without labels
    /// stand alike.
    /// </summary>
    internal static IReadOnlyList<string> Wrap(string text, float width)
    {
        using var font = new SKFont(ReportFonts.SemiBold, TextPx);
        var lines = new List<string> { "" };
        // Names end in ", ", numbers in two spaces.
        var labels = text.Replace("  ", ",  ", StringComparison.Ordinal).Split(", ");
        foreach (var (index, label) in labels.Index())
        {
            if (lines.Count >= MostLines)
            {
                lines[^1] = FormattableString.Invariant($"and {labels.Length - index + 1} more");
                return lines;
            }
            var isLast = index == labels.Length - 1;
            Add(
                label.TrimStart() + (isLast || labels[index + 1].StartsWith(' ') ? "" : ","),
                label.StartsWith(' ') ? "   " : " ");
        }
        return lines;

        void Add(string label, string gap)
        {
            var joined = lines[^1].Length == 0 ? label : lines[^1] + gap + label;
            if (font.MeasureText(joined) <= width)
            {
                lines[^1] = joined;
                return;
            }
            if (lines[^1].Length > 0)
                lines.Add("");
            foreach (var word in label.Split(' '))
            {
                var longer = lines[^1].Length == 0 ? word : $"{lines[^1]} {word}";
                if (lines[^1].Length > 0 && font.MeasureText(longer) > width)
                    lines.Add(word);
                else
                    lines[^1] = longer;
            }
        }
    }

    /// <summary>
    /// Draws one line of text. A text that is too wide is cut in the middle, where names of files differ least.
    /// </summary>
    private static void Text(
        SKCanvas canvas,
        string text,
        float x,
        float y,
        float width,
        SKTypeface face,
        float size,
        SKColor color)
    {
        using var font = new SKFont(face, size);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        var shown = text;
        for (var kept = text.Length - 1; kept > 1 && font.MeasureText(shown) > width; kept--)
            shown = string.Concat(text.AsSpan(0, kept / 2), "…", text.AsSpan(text.Length - (kept - kept / 2)));
        canvas.DrawText(shown, x, y, SKTextAlign.Left, font, paint);
    }

    private static void Paragraph(SKCanvas canvas, string text, SKRect box)
    {
        using var font = new SKFont(ReportFonts.Regular, TextPx);
        using var paint = new SKPaint { Color = new SKColor(0xFF, 0x8A, 0x80), IsAntialias = true };
        var rest = text.AsSpan();
        for (var y = box.Top + TextPx; y < box.Bottom && rest.Length > 0; y += TextPx * 1.4f)
        {
            var fits = Math.Max(1, (int)font.BreakText(rest, box.Width));
            var space = rest[..fits].LastIndexOf(' ');
            if (fits < rest.Length && space > 0)
                fits = space + 1;
            canvas.DrawText(rest[..fits].ToString(), box.Left, y, SKTextAlign.Left, font, paint);
            rest = rest[fits..];
        }
    }
}
