using System.Numerics;

namespace Marrow.Datasets.Copies;

/// <summary>A film whose middle another film may show.</summary>
/// <param name="Film">Index of the film whose middle was looked for.</param>
/// <param name="Window">Where the other film may show it.</param>
internal readonly record struct CopyCandidate(int Film, bool Mirrored, FilmWindow Window, float Score);

/// <summary>
/// Looks for the middles of all films, mirrored or not, in every window of a film: a dense product of matrices, windows
/// times middles, of which only the largest number of each column is kept. It finds candidates, nothing more.
/// </summary>
internal sealed class WindowSearch
{
    private const int Registers = 4; // of middles
    private const int Together = 3; // windows, so that products are as many as a processor has under way
    private static readonly int s_block = Registers * Vector<float>.Count;

    private readonly int _films;
    private readonly FilmWindow[] _windows;
    private readonly float[] _middles; // [blocks][WindowShape.Length][s_block]; the mirrored ones follow the others

    /// <param name="films">The films whose middles are looked for.</param>
    /// <param name="windows">The windows that are looked at.</param>
    public WindowSearch(IReadOnlyList<WindowShape> films, FilmWindow[] windows)
    {
        (_films, _windows) = (films.Count, windows);
        var blocks = (2 * _films + s_block - 1) / s_block;
        _middles = new float[blocks * WindowShape.Length * s_block];
        var shape = new float[WindowShape.Length];
        var mirrored = new float[WindowShape.Length];
        for (var film = 0; film < _films; film++)
        {
            films[film].Write(FilmWindow.Middle, shape);
            WindowShape.Mirror(shape, mirrored);
            Put(shape, film);
            Put(mirrored, _films + film);
        }
    }

    /// <summary>The films whose middles resemble a window of this film most, the best first.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="without">Index of a film that is left out: the film itself; -1 for none.</param>
    public List<CopyCandidate> In(WindowShape film, int count, int without)
    {
        var shapes = Shapes(film);
        var scores = new float[_middles.Length / WindowShape.Length];
        for (var block = 0; block * s_block < scores.Length; block++)
            Score(shapes, block, scores);
        return [.. Best(scores, count, without).Select(best => Candidate(best, scores[best], shapes))];
    }

    private void Put(float[] shape, int middle)
    {
        var start = middle / s_block * WindowShape.Length * s_block + middle % s_block;
        for (var k = 0; k < WindowShape.Length; k++)
            _middles[start + k * s_block] = shape[k];
    }

    /// <summary>[windows, in whole groups of those that are computed together][WindowShape.Length]</summary>
    private float[] Shapes(WindowShape film)
    {
        var padded = (_windows.Length + Together - 1) / Together * Together;
        var shapes = new float[padded * WindowShape.Length];
        for (var w = 0; w < _windows.Length; w++)
            film.Write(_windows[w], shapes.AsSpan(w * WindowShape.Length, WindowShape.Length));
        return shapes;
    }

    /// <summary>The largest product of each middle of a block with any window; an inverted film's is
    /// negative.</summary>
    private void Score(float[] shapes, int block, float[] scores)
    {
        ref var middles = ref _middles[block * WindowShape.Length * s_block];
        var lane = (nuint)Vector<float>.Count;
        Vector<float> best0 = default, best1 = default, best2 = default, best3 = default;
        for (var w = 0; w < shapes.Length; w += Together * WindowShape.Length)
        {
            Vector<float> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector<float> b0 = default, b1 = default, b2 = default, b3 = default;
            Vector<float> c0 = default, c1 = default, c2 = default, c3 = default;
            var first = shapes.AsSpan(w, WindowShape.Length);
            var second = shapes.AsSpan(w + WindowShape.Length, WindowShape.Length);
            var third = shapes.AsSpan(w + 2 * WindowShape.Length, WindowShape.Length);
            for (var k = 0; k < WindowShape.Length; k++)
            {
                var at = (nuint)(k * s_block);
                var m0 = Vector.LoadUnsafe(ref middles, at);
                var m1 = Vector.LoadUnsafe(ref middles, at + lane);
                var m2 = Vector.LoadUnsafe(ref middles, at + 2 * lane);
                var m3 = Vector.LoadUnsafe(ref middles, at + 3 * lane);
                var a = new Vector<float>(first[k]);
                var b = new Vector<float>(second[k]);
                var c = new Vector<float>(third[k]);
                a0 = Vector.FusedMultiplyAdd(m0, a, a0);
                a1 = Vector.FusedMultiplyAdd(m1, a, a1);
                a2 = Vector.FusedMultiplyAdd(m2, a, a2);
                a3 = Vector.FusedMultiplyAdd(m3, a, a3);
                b0 = Vector.FusedMultiplyAdd(m0, b, b0);
                b1 = Vector.FusedMultiplyAdd(m1, b, b1);
                b2 = Vector.FusedMultiplyAdd(m2, b, b2);
                b3 = Vector.FusedMultiplyAdd(m3, b, b3);
                c0 = Vector.FusedMultiplyAdd(m0, c, c0);
                c1 = Vector.FusedMultiplyAdd(m1, c, c1);
                c2 = Vector.FusedMultiplyAdd(m2, c, c2);
                c3 = Vector.FusedMultiplyAdd(m3, c, c3);
            }
            best0 = Largest(best0, a0, b0, c0);
            best1 = Largest(best1, a1, b1, c1);
            best2 = Largest(best2, a2, b2, c2);
            best3 = Largest(best3, a3, b3, c3);
        }
        ref var score = ref scores[block * s_block];
        best0.StoreUnsafe(ref score);
        best1.StoreUnsafe(ref score, lane);
        best2.StoreUnsafe(ref score, 2 * lane);
        best3.StoreUnsafe(ref score, 3 * lane);
    }

    private static Vector<float> Largest(Vector<float> best, Vector<float> a, Vector<float> b, Vector<float> c) =>
        Vector.Max(Vector.Max(best, Vector.Abs(a)), Vector.Max(Vector.Abs(b), Vector.Abs(c)));

    /// <summary>The indices of the largest scores, the largest first; of equal ones the first.</summary>
    private List<int> Best(float[] scores, int count, int without)
    {
        var best = new List<int>(count + 1);
        for (var i = 0; i < 2 * _films; i++)
        {
            if (i % _films == without || (best.Count == count && scores[i] <= scores[best[^1]]))
                continue;
            var place = best.Count;
            while (place > 0 && scores[best[place - 1]] < scores[i])
                place--;
            best.Insert(place, i);
            if (best.Count > count)
                best.RemoveAt(count);
        }
        return best;
    }

    /// <summary>Finds out in which window the best score was reached, which the products above don't keep.</summary>
    private CopyCandidate Candidate(int middle, float score, float[] shapes)
    {
        var start = middle / s_block * WindowShape.Length * s_block + middle % s_block;
        var (window, most) = (0, -1f);
        for (var w = 0; w < _windows.Length; w++)
        {
            var product = 0f;
            for (var k = 0; k < WindowShape.Length; k++)
                product += _middles[start + k * s_block] * shapes[w * WindowShape.Length + k];
            if (Math.Abs(product) > most)
                (window, most) = (w, Math.Abs(product));
        }
        return new(middle % _films, middle >= _films, _windows[window], score);
    }
}
