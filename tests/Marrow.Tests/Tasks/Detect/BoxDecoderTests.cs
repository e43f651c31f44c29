using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Detect;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Detect;

public class BoxDecoderTests
{
    [Fact]
    public void Boxes_are_those_of_torchvisions_RetinaNet()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(new DetectorSpec { Corners = 0, AnchorSizes = [24] }, 96, 64, [(8, 12)]);
        random.manual_seed(3);
        var output = new DetectorOutput(
            randn(1, anchors.Boxes.Length, 2) - 2,
            randn(1, anchors.Boxes.Length, 4) * 0.3,
            null,
            anchors);
        peer.Put("logits", output.ClassLogits[0]);
        peer.Put("deltas", output.BoxDeltas[0]);
        peer.Put(
            "anchors",
            tensor(
                anchors.Boxes.SelectMany(b => (float[])[b.X1, b.Y1, b.X2, b.Y2]).ToArray(),
                [anchors.Boxes.Length, 4]));
        peer.Run("""
            from torchvision.models.detection._utils import BoxCoder
            from torchvision.ops import boxes as ops
            scores, deltas = torch.sigmoid(get('logits')).flatten(), get('deltas')
            above = torch.where(scores > 0.05)[0]
            scores, order = scores[above].topk(min(1000, len(above)))
            at = above[order]
            found = BoxCoder((1., 1., 1., 1.)).decode_single(deltas[at // 2], get('anchors')[at // 2])
            found = ops.clip_boxes_to_image(found, (64, 96))
            whole = ops.remove_small_boxes(found, 1e-6) # what lies outside is no box
            found, scores, at = found[whole], scores[whole], at[whole]
            kept = ops.batched_nms(found, scores, at % 2, 0.5)[:100]
            put('boxes', found[kept]); put('scores', scores[kept]); put('labels', (at % 2)[kept])
            """);
        var expected = (Boxes: peer.Get("boxes"), Scores: peer.Get("scores"), Labels: peer.Get("labels"));
        var found = BoxDecoder.Decode(output, new())[0];

        Assert.InRange(found.Count, 20, 100);
        Assert.Equal(expected.Scores.shape[0], found.Count);
        Assert.Equal(expected.Labels.data<long>().ToArray(), found.Select(f => (long)f.Class));
        Assert.Equal(expected.Scores.data<float>().ToArray(), found.Select(f => (float)f.Score), (a, b) =>
            Math.Abs(a - b) < 1e-5);
        Assert.Equal(
            expected.Boxes.flatten().data<float>().ToArray(),
            found.SelectMany(f => (float[])[f.Box.X1, f.Box.Y1, f.Box.X2, f.Box.Y2]),
            (a, b) => Math.Abs(a - b) < 1e-3);
    }
}
