using System.Globalization;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>The section "input:" -> <see cref="StageInput"/>.</summary>
internal static class RecipeInput
{
    private const double LeastStd = 0.0001, MostStd = 10;

    private static readonly StageInput Usual = new();

    private static readonly (string Word, Fit Value)[] Fits =
        [("stretch", Fit.Stretch), ("letterbox", Fit.Letterbox), ("cover", Fit.Cover)];

    public static StageInput Read(RecipeSection s, string task)
    {
        KeyText windowText =
            new("The percentiles of the whole image that become black and white; or the least and largest number that "
                + "its pixels can hold.")
            {
                Value = "[low, high], shares 0 to 1, low < high; or `fullRange`",
                Default = $"[{KeyWords.Number(Usual.WindowLow)}, {KeyWords.Number(Usual.WindowHigh)}]",
            };
        var absent = StageInput.DefaultFor(task);
        var fullRange = s.Find("window") is { Kind: RecipeNodeKind.Scalar };
        if (fullRange)
            s.Choice("window", true, windowText, ("fullRange", true));
        var window = fullRange ? null : s.Numbers("window", 2, 2, 0, 1, windowText);
        if (window is not null && window[0] >= window[1])
            s.Errors.Add(
                s.At("window"),
                "window: expected [low, high] with low under high, found "
                    + string.Join(", ", window.Select(w => w.ToString(CultureInfo.InvariantCulture)))
                    + ".");
        var channels = s.Choice("channels", absent.Channels,
            "3 gives the grey image three times: for weights that were trained on colour.",
            ("1", 1), ("3", 3));
        var input = absent with
        {
            Width = s.Int("width", absent.Width, 32, 4096,
                new("Of the input.")
                {
                    Unit = "px",
                    Default = TaskWords.Default(t => KeyWords.Number(t.DefaultInput.Width)),
                }),
            Height = s.Int("height", absent.Height, 32, 4096,
                new("Of the input.")
                {
                    Unit = "px",
                    Default = TaskWords.Default(t => KeyWords.Number(t.DefaultInput.Height)),
                }),
            Channels = channels,
            Fit = s.Choice("fit", absent.Fit,
                new("`stretch` scales each axis by itself; `letterbox` scales evenly, centres and fills with black; "
                    + "`cover` scales evenly until the input is filled and cuts off the rest at both ends.")
                {
                    Default = TaskWords.Default(t => KeyWords.Code(Word(t.DefaultInput.Fit))),
                },
                Fits),
            Ends = s.Number("ends", absent.Ends, 0, InputStrip.MaxEnds,
                new("Task `refine-points`: the share of the strip's height that lies beyond the first item of the "
                    + "curve, and as much beyond the last.")
                {
                    Unit = "share",
                }),
            CropShare = s.Number("cropShare", absent.CropShare, 0.25, 1,
                "With `cover`: the share of the input's sides in the image before it is cut. 0.875 is \"resize to 256, "
                    + "cut 224\"."),
            Window = fullRange ? WindowKind.FullRange : WindowKind.Percentiles,
            WindowLow = window?[0] ?? absent.WindowLow,
            WindowHigh = window?[1] ?? absent.WindowHigh,
            Mean = s.Number("mean", absent.Mean, 0, 1, "Of values in 0..1; subtracted."),
            Std = s.Number("std", absent.Std, LeastStd, MostStd, "Of values in 0..1; divided by."),
            ChannelMeans = s.Numbers("channelMeans", channels, channels, 0, 1, ChannelText("mean")),
            ChannelStds = s.Numbers("channelStds", channels, channels, LeastStd, MostStd, ChannelText("std")),
        };
        if (s.Has("ends") && TaskCatalogue.Find(task) is { Straightens: false })
            s.Errors.Add(
                s.At("ends"),
                $"ends: only of {SomeText.Either(TaskCatalogue.Names(t => t.Straightens))}, which looks at strips.");
        if (input.CropShare < 1 && input.Fit != Fit.Cover)
            s.Errors.Add(s.At("cropShare"), "cropShare: only with fit: cover.");
        if (s.Has("channelMeans") != s.Has("channelStds"))
            s.Errors.Add(
                s.At(s.Has("channelMeans") ? "channelMeans" : "channelStds"),
                "channelMeans and channelStds: give both or neither.");
        foreach (var key in (string[])["mean", "std"])
        {
            if (s.Has(key) && s.Has("channelMeans"))
                s.Errors.Add(s.At(key), $"{key}: channelMeans and channelStds stand in its place. Remove one of them.");
        }
        s.Finish();
        return input;
    }

    private static string Word(Fit fit) => Fits.First(known => known.Value == fit).Word;

    private static KeyText ChannelText(string key) =>
        new($"In place of `{key}`; both or neither.")
        {
            Value = $"list, one number a channel, each as `{key}`",
        };
}
