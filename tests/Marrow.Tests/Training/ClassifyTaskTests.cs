using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public class ClassifyTaskTests
{
    // Finding A has a sigmoid; B is positive (1), negative (2) or uncertain (3).
    private static readonly ClassLayout Layout = new(["A", "B", "B negative", "B uncertain"], false, [new(1, 2, 3)]);
    private static readonly InputContract Input = new() { Width = 32, Height = 32 };

    [Fact]
    public void A_three_class_finding_has_a_softmax_of_its_own_and_unknown_labels_add_no_loss()
    {
        var spec = new ModelSpec { Architecture = "densenet-mini", Outputs = 4 };
        using var model = (Classifier)ModelCatalogue.Create(spec);
        model.eval();
        using var task = new ClassifyTask(model, spec, Input, Layout);
        using var scope = NewDisposeScope();
        var images = randn(2, 1, 32, 32);
        var logits = model.forward(images).data<float>().ToArray().Chunk(4).ToArray();

        using var batch = new Batch(images, [Prepared([1, 0, 0, 1]), Prepared([float.NaN, 1, 0, 0])]);
        var loss = Assert.Single(task.Loss(images, batch, Compute.Float32)).Value.item<float>();
        var single = Math.Log(1 + Math.Exp(-logits[0][0])); // the second image's A is unknown
        var three = -(LogSoftmax(logits[0], 3) + LogSoftmax(logits[1], 1)) / 2;
        Assert.Equal((single + three) / 2, loss, 1e-4);

        var probabilities = task.Probabilities(images, Compute.Float32);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1 / (1 + Math.Exp(-logits[i][0])), probabilities[i][0], 1e-5);
            Assert.Equal(1 / (1 + Math.Exp(logits[i][2] - logits[i][1])), probabilities[i][1], 1e-5); // p1 / (p0 + p1)
        }
    }

    private static double LogSoftmax(float[] logits, int index) =>
        logits[index] - Math.Log(Math.Exp(logits[1]) + Math.Exp(logits[2]) + Math.Exp(logits[3]));

    private static BatchSample Prepared(float[] labels) =>
        new(new(id: "i", imagePath: "i.png", patient: "p") { Labels = labels }, AffineTransform.Identity, Targets.None);
}
