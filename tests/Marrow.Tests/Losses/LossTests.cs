using Marrow.Imaging;
using Marrow.Losses;
using Marrow.Modules;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Tests.Losses;

public class LossTests
{
    private const float Unknown = float.NaN;

    [Fact]
    public void Unknown_labels_add_no_loss_and_no_gradient()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[,] { { 2, -1 }, { 0.5f, 3 } }).requires_grad_();
        var loss = MaskedBinaryCrossEntropy.Compute(logits, tensor(new[,] { { 1, Unknown }, { 0.25f, Unknown } }));
        loss.backward();
        // -y ln p - (1 - y) ln(1 - p), by hand
        static double Entropy(double x, double y) =>
            -y * Math.Log(1 / (1 + Math.Exp(-x))) - (1 - y) * Math.Log(1 - 1 / (1 + Math.Exp(-x)));
        Assert.Equal((Entropy(2, 1) + Entropy(0.5, 0.25)) / 2, loss.item<float>(), 1e-6);
        Assert.Equal(0, logits.grad![.., 1].abs().sum().item<float>());
        Assert.NotEqual(0, logits.grad![0, 0].item<float>());
    }

    [Fact]
    public void Exclusive_classes_compete_and_unknown_rows_add_no_loss()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[,] { { 1, 2, 3 }, { 9, 9, 9 }, { 0, 0, 1 } }).requires_grad_();
        var loss = MaskedCrossEntropy.Compute(
            logits,
            tensor(
                new[,]
                {
                    { 0, 1, 0 },
                    { Unknown, 0, 0 },
                    { 0.5f, 0, 0.5f },
                }
            ));
        loss.backward();
        var first = Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(3)) - 2;
        var third = Math.Log(2 + Math.E) - 0.5;
        Assert.Equal((first + third) / 2, loss.item<float>(), 1e-6);
        Assert.Equal(0, logits.grad![1].abs().sum().item<float>());
    }

    [Fact]
    public void With_nothing_known_losses_are_zero_and_can_be_differentiated()
    {
        using var scope = NewDisposeScope();
        var logits = randn(2, 3).requires_grad_();
        var nothing = full(2, 3, Unknown);
        var loss =
            MaskedBinaryCrossEntropy.Compute(logits, nothing)
            + MaskedCrossEntropy.Compute(logits, nothing)
            + AngleLoss.Compute(logits, nothing, 1);
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.Equal(0, logits.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void Losses_of_bfloat16_are_float32()
    {
        using var scope = NewDisposeScope();
        var logits = randn(2, 3).to(bfloat16);
        var labels = tensor(new float[,] { { 1, 0, 0 }, { 0, 1, 0 } });
        Assert.Equal(ScalarType.Float32, MaskedBinaryCrossEntropy.Compute(logits, labels).dtype);
        Assert.Equal(ScalarType.Float32, MaskedCrossEntropy.Compute(logits, labels).dtype);
        Assert.Equal(ScalarType.Float32, AngleLoss.Compute(logits, labels).dtype);
        Assert.Equal(ScalarType.Float32, FocalLoss.Sigmoid(logits, labels).dtype);
    }

    [Fact]
    public void The_angle_loss_is_smooth_L1_of_20_degrees_and_the_metrics_ratio()
    {
        using var scope = NewDisposeScope();
        var predicted = tensor(new float[,] { { 40, 21, 10 }, { 5, 5, 5 } });
        var truth = tensor(new[,] { { 30f, 20, 10 }, { Unknown, 5, 5 } });
        // 10 degrees are 0.5 units: 0.5 - 0.05; 1 degree is 0.05 units: 0.05^2 / 0.2
        var smooth = (0.45 + 0.0125) / 3;
        Assert.Equal(smooth, AngleLoss.Compute(predicted, truth).item<float>(), 1e-6);
        Assert.Equal(smooth + 2 * 11.0 / 131, AngleLoss.Compute(predicted, truth, smapeWeight: 2).item<float>(), 1e-6);
    }

    [Fact]
    public void Right_codes_cost_nothing_and_a_shifted_corner_costs_its_share()
    {
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        var spine = RandomSpine.Create(new SeededRandom(1));
        var blank = new DetectorOutput(
            zeros(1, anchors.Boxes.Length, 1),
            zeros(1, anchors.Boxes.Length, 4),
            zeros(1, anchors.Boxes.Length, 8),
            anchors);
        var targets = DetectionTargets.Encode(blank, [spine.AsTargets()]);
        var rows = tensor(targets.Foreground);
        var right = blank with
        {
            ClassLogits = (tensor(targets.Classes, blank.ClassLogits.shape) - 0.5) * 40,
            BoxDeltas = blank.BoxDeltas.index_copy(1, rows, tensor(targets.Boxes, [1, rows.shape[0], 4])),
            CornerOffsets = blank.CornerOffsets!.index_copy(1, rows, tensor(targets.Corners, [1, rows.shape[0], 8])),
        };
        var losses = DetectionLoss.Compute(right, [spine.AsTargets()]);
        Assert.InRange(losses.Total().item<float>(), 0, 1e-5);

        // One corner: half of the shift is the place's, half the height's, half the twist's, all of it the vector's
        // across; each costs |x| - beta / 2.
        Assert.Equal(3 * (0.05 - 0.005) + 0.1 - 0.005, CornerLoss(0, 0.1f, 0, 0, 0, 0, 0, 0), 1e-5);
        // All four corners: the place alone, as twice the shift. Right corners down, left corners up: the vector across
        // alone.
        Assert.Equal(0.2 - 0.005, CornerLoss(0, 0.1f, 0, 0.1f, 0, 0.1f, 0, 0.1f), 1e-5);
        Assert.Equal(0.4 - 0.005, CornerLoss(0, -0.1f, 0, 0.1f, 0, -0.1f, 0, 0.1f), 1e-5);

        float CornerLoss(params float[] shift) =>
            DetectionLoss
                .Compute(right with { CornerOffsets = right.CornerOffsets + tensor(shift) }, [spine.AsTargets()])
                .Corner!.item<float>();
    }

    [Fact]
    public void Boxes_without_corners_teach_classes_and_boxes_alone()
    {
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        var random = new SeededRandom(4);
        var output = new DetectorOutput(
            tensor(Enumerable.Range(0, anchors.Boxes.Length).Select(_ => (float)random.NextGaussian()).ToArray(),
                [1, anchors.Boxes.Length, 1]),
            ones(1, anchors.Boxes.Length, 4),
            ones(1, anchors.Boxes.Length, 8),
            anchors);
        var known = RandomSpine.Create(new SeededRandom(1)).AsTargets();
        IReadOnlyList<DetectionTarget> boxes = [.. known.Select(target => target with { Corners = null })];

        var (with, without) = (DetectionLoss.Compute(output, [known]), DetectionLoss.Compute(output, [boxes]));

        Assert.True(with.Corner!.item<float>() > 0);
        Assert.Equal(0, without.Corner!.item<float>());
        Assert.Equal(with.Classification.item<float>(), without.Classification.item<float>());
        Assert.Equal(with.Box.item<float>(), without.Box.item<float>());
    }

    [Fact]
    public void A_vertebra_whose_centre_augmentation_moved_out_of_the_image_is_background()
    {
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        var blank = new DetectorOutput(
            zeros(1, anchors.Boxes.Length, 1),
            zeros(1, anchors.Boxes.Length, 4),
            zeros(1, anchors.Boxes.Length, 8),
            anchors);
        var spine = RandomSpine.Create(new SeededRandom(1));
        // its right half is in the image
        var outside = spine[3].Transform(AffineTransform.Translate(-spine[3].Center.X - 1, 0));
        var all = DetectionTargets.Encode(blank, [spine.AsTargets()]);
        var without = DetectionTargets.Encode(blank, [spine[..3].Append(outside).Concat(spine[4..]).AsTargets()]);
        Assert.True(without.Foreground.Length < all.Foreground.Length);
        Assert.Equal(
            DetectionTargets.Encode(blank, [spine[..3].Concat(spine[4..]).AsTargets()]).Foreground,
            without.Foreground);
    }

    [Fact]
    public void Images_without_targets_and_broken_targets_add_no_loss()
    {
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        random.manual_seed(1);
        var output = new DetectorOutput(
            randn(2, anchors.Boxes.Length, 1).requires_grad_(),
            randn(2, anchors.Boxes.Length, 4),
            randn(2, anchors.Boxes.Length, 8),
            anchors);
        var spine = RandomSpine.Create(new SeededRandom(1));
        DetectionLoss.Compute(output, [spine.AsTargets(), null]).Total().backward();
        Assert.NotEqual(0, output.ClassLogits.grad![0].abs().sum().item<float>());
        Assert.Equal(0, output.ClassLogits.grad![1].abs().sum().item<float>());

        var flat = spine[0] with { BottomLeft = spine[0].TopLeft, BottomRight = spine[0].TopRight };
        var nan = spine[0] with { BottomLeft = new Point2D(double.NaN, double.NaN) };
        var away = spine[0].Transform(AffineTransform.Translate(5000, 0));
        var losses = DetectionLoss.Compute(output, [spine[1..].Concat([flat, nan, away]).AsTargets(), null]);
        Assert.True(float.IsFinite(losses.Total().item<float>()));
        Assert.Equal(0, DetectionLoss.Compute(output, [null, null]).Total().item<float>());
    }

    [Fact]
    public void Each_box_is_learnt_as_its_own_class_and_an_image_without_boxes_is_background()
    {
        using var scope = NewDisposeScope();
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(224, 640), 224, 640, [(80, 28)]);
        var output = new DetectorOutput(
            zeros(2, anchors.Boxes.Length, 2),
            zeros(2, anchors.Boxes.Length, 4),
            null,
            anchors);
        var (first, second) = (anchors.Boxes[4000], anchors.Boxes[9000]);
        var targets = DetectionTargets.Encode(output, [[new(0, first), new(1, second)], []]);

        Assert.Equal((1f, 0f), (targets.Classes[4000 * 2], targets.Classes[4000 * 2 + 1]));
        Assert.Equal((0f, 1f), (targets.Classes[9000 * 2], targets.Classes[9000 * 2 + 1]));
        Assert.Empty(targets.Corners);
        Assert.All(targets.Counted[anchors.Boxes.Length..], counted => Assert.Equal(1, counted));
        Assert.All(targets.Foreground, row => Assert.InRange(row, 0, anchors.Boxes.Length - 1));
        Assert.Null(DetectionLoss.Compute(output, [[new(0, first)], []]).Corner);
    }
}
