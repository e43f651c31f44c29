using Marrow.Backbones;
using Marrow.Imaging;
using Marrow.Losses;
using Marrow.Modules;
using Marrow.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks;

/// <summary>The detector's parts against torchvision's RetinaNet.</summary>
public class DetectionPeerTests
{
    [Fact]
    public void Pyramid_heads_and_anchors_agree_with_torchvision()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        random.manual_seed(2);
        var detector = new DetectorSpec { PyramidChannels = 32, HeadConvolutions = 4, Classes = 2, Corners = 0 };
        var spec = new ModelSpec { Architecture = "retinanet-densenet-mini", Detector = detector };
        var model = (RetinaNet)ModelCatalogue.Create(spec);
        model.eval();
        foreach (var parameter in model.parameters())
            parameter.add_(randn_like(parameter) * 0.02);
        var image = randn(2, 1, 96, 200); // 200 / 8 = 25 cells: no level has half of another's
        var output = model.forward(image);

        var body = BackboneCatalogue.Create("densenet-mini", 1);
        body.eval();
        var weights = model.state_dict();
        body.load_state_dict(body.state_dict().Keys.ToDictionary(key => key, key => weights["backbone.body." + key]));
        var maps = body.ForwardPyramid(image, 3);
        for (var i = 0; i < maps.Length; i++)
            peer.Put($"c{i}", maps[i]);
        foreach (var (key, value) in weights)
            peer.Put(key, value);
        peer.Run("""
            from collections import OrderedDict
            from torchvision.models.detection.retinanet import RetinaNetHead
            from torchvision.models.detection.anchor_utils import AnchorGenerator
            from torchvision.models.detection.image_list import ImageList
            from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelP6P7
            maps = OrderedDict((str(i), get(f'c{i}')) for i in range(3))
            fpn = FeaturePyramidNetwork([m.shape[1] for m in maps.values()], 32, LastLevelP6P7(32, 32))
            head = RetinaNetHead(32, 9, 2)
            fpn.load_state_dict({k: get('backbone.fpn.' + k) for k in fpn.state_dict()})
            head.load_state_dict({k: get('head.' + k) for k in head.state_dict()})
            levels = list(fpn(maps).values())
            result = head(levels)
            put('logits', result['cls_logits'])
            put('deltas', result['bbox_regression'])
            sizes = tuple(tuple(s * k for k in (1, 2 ** (1 / 3), 2 ** (2 / 3))) for s in (32, 64, 128, 256, 512))
            anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5)
            put('anchors', anchors(ImageList(torch.zeros(2, 1, 96, 200), [(96, 200)] * 2), levels)[0])
            put('keys', np.array([len(fpn.state_dict()) + len(head.state_dict())]))
            """);
        Assert.Equal(
            peer.Get("keys").item<long>(),
            weights.Keys.Count(key => !key.StartsWith("backbone.body.", StringComparison.Ordinal)));
        Assert.True(Distance(peer.Get("logits"), output.ClassLogits) < 1e-4);
        Assert.True(Distance(peer.Get("deltas"), output.BoxDeltas) < 1e-4);
        Assert.Equal(
            peer.Get("anchors").data<float>().ToArray(),
            ToTensor(output.Anchors.Boxes).data<float>().ToArray());
    }

    [Fact]
    public void Matching_box_coding_and_suppression_agree_with_torchvision()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        var random = new SeededRandom(3);
        var anchors = new AnchorGrid(new DetectorSpec { AnchorSizes = [24, 48] }, 160, 128, [(16, 20), (8, 10)]).Boxes;
        Box[] objects = [.. Enumerable.Range(0, 25).Select(_ => RandomBox(random))];
        Box[] crowd = [.. Enumerable.Range(0, 400).Select(_ => RandomBox(random))];
        // with ties
        var scores = Enumerable.Range(0, crowd.Length).Select(_ => (float)(random.Next(200) / 200.0)).ToArray();
        var codes = rand(anchors.Length, 4) * 4 - 2;
        peer.Put("anchors", ToTensor(anchors));
        peer.Put("objects", ToTensor(objects));
        peer.Put("crowd", ToTensor(crowd));
        peer.Put("scores", tensor(scores));
        peer.Put("codes", codes);
        peer.Run("""
            from torchvision.models.detection import _utils as det_utils
            from torchvision.ops import box_iou, nms
            anchors, objects = get('anchors'), get('objects')
            matches = det_utils.Matcher(0.5, 0.4, allow_low_quality_matches=True)(box_iou(objects, anchors))
            coder = det_utils.BoxCoder((1.0, 1.0, 1.0, 1.0))
            put('matches', matches)
            put('encoded', coder.encode_single(objects[matches.clamp(min=0)], anchors))
            put('decoded', coder.decode_single(get('codes'), anchors))
            put('kept3', nms(get('crowd'), get('scores'), 0.3))
            put('kept7', nms(get('crowd'), get('scores'), 0.7))
            """);

        var matches = Matcher.Match(objects, anchors);
        Assert.Equal(peer.Get("matches").data<long>().ToArray(), matches.Select(m => (long)m));
        Assert.Contains(matches, m => m >= 0);
        Assert.Contains(matches, m => m == Matcher.Ignored);
        var encoded = new float[anchors.Length * 4];
        var decoded = new Box[anchors.Length];
        var numbers = codes.data<float>().ToArray();
        for (var a = 0; a < anchors.Length; a++)
        {
            BoxCoder.Encode(objects[Math.Max(matches[a], 0)], anchors[a], encoded.AsSpan(a * 4, 4));
            decoded[a] = BoxCoder.Decode(numbers.AsSpan(a * 4, 4), anchors[a]);
        }
        Assert.True(Distance(peer.Get("encoded"), tensor(encoded, [anchors.Length, 4])) < 1e-5);
        Assert.True(Distance(peer.Get("decoded"), ToTensor(decoded)) < 1e-3); // boxes of some hundred px
        Assert.Equal(peer.Get("kept3").data<long>().ToArray(), Nms.Suppress(crowd, scores, 0.3f).Select(i => (long)i));
        Assert.Equal(peer.Get("kept7").data<long>().ToArray(), Nms.Suppress(crowd, scores, 0.7f).Select(i => (long)i));
    }

    [Fact]
    public void Focal_and_classification_losses_agree_with_torchvision()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        torch.random.manual_seed(4);
        var (logits, labels) = (randn(50, 3) * 5, rand(50, 3).round());
        var spine = RandomSpine.Create(new SeededRandom(4));
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        var output = new DetectorOutput(
            randn(1, anchors.Boxes.Length, 1),
            zeros(1, anchors.Boxes.Length, 4),
            null,
            anchors);
        peer.Put("logits", logits);
        peer.Put("labels", labels);
        peer.Put("objects", ToTensor([.. spine.Select(v => CornerCoder.BoxOf(v))]));
        peer.Put("anchors", ToTensor(anchors.Boxes));
        peer.Put("detector", output.ClassLogits);
        peer.Run(
            """
            from torchvision.models.detection import _utils as det_utils
            from torchvision.models.detection.retinanet import RetinaNetClassificationHead
            from torchvision.ops import box_iou, sigmoid_focal_loss
            put('focal', sigmoid_focal_loss(get('logits'), get('labels')))
            put('focal15', sigmoid_focal_loss(get('logits'), get('labels'), alpha=-1, gamma=1.5))
            matches = det_utils.Matcher(0.5, 0.4, allow_low_quality_matches=True)(box_iou(get('objects'), get('anchors')))
            head = RetinaNetClassificationHead(8, 6, 1)
            targets = [{'labels': torch.zeros(17, dtype=torch.int64)}]
            put('loss', head.compute_loss(targets, {'cls_logits': get('detector')}, [matches]))
            """
        );
        Assert.True(Distance(peer.Get("focal"), FocalLoss.Sigmoid(logits, labels)) < 1e-4);
        Assert.True(Distance(peer.Get("focal15"), FocalLoss.Sigmoid(logits, labels, alpha: -1, gamma: 1.5)) < 1e-4);
        var expected = peer.Get("loss").item<float>();
        Assert.Equal(
            expected,
            DetectionLoss.Compute(output, [spine.AsTargets()]).Classification.item<float>(),
            1e-4f * expected);
    }

    private static Box RandomBox(SeededRandom random)
    {
        var (x, y) = ((float)random.Uniform(0, 120), (float)random.Uniform(0, 90));
        return new(x, y, x + (float)random.Uniform(10, 70), y + (float)random.Uniform(10, 70));
    }

    private static Tensor ToTensor(Box[] boxes) =>
        tensor(boxes.SelectMany(b => new[] { b.X1, b.Y1, b.X2, b.Y2 }).ToArray(), [boxes.Length, 4]);

    private static double Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
