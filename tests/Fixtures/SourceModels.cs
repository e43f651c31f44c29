using static TorchSharp.torch;

namespace Marrow.Tests;

/// <summary>
/// State dicts in the styles of each source, made by Debian's PyTorch with running statistics as trained models have,
/// and the logits that PyTorch gives. One run of Python makes them all, when the first is asked for.
/// </summary>
public sealed class SourceModels : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private PythonPeer? _peer;

    /// <summary>What the importer is to find; the classes are those that must be given.</summary>
    public static IReadOnlyDictionary<string, (string Map, string Architecture, string Classes)> Styles { get; } =
        new Dictionary<string, (string, string, string)>
        {
            ["torchvision-121"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-169"] = ("torchvision-densenet", "densenet169", ""),
            ["torchvision-201"] = ("torchvision-densenet", "densenet201", ""),
            ["torchvision-old-spelling"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-parallel-nested"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-wrapped-thrice"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-float64"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-float16"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-bfloat16"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-one-storage"] = ("torchvision-densenet", "densenet121", ""),
            ["torchvision-strides"] = ("torchvision-densenet", "densenet121", ""),
            ["torchxrayvision"] = ("torchxrayvision-densenet", "densenet121", ""),
            ["torchxrayvision-half"] = ("torchxrayvision-densenet", "densenet121", ""),
            ["chexnet"] = ("chexnet-densenet", "densenet121", ""),
            ["chexnet-parallel-within"] = ("chexnet-densenet", "densenet121", ""),
            ["monai"] = ("monai-densenet", "densenet121", "a,b,c"),
            ["monai-colour-nested"] = ("monai-densenet", "densenet121", "a,b"),
            ["monai-169"] = ("monai-densenet", "densenet169", "a"),
            ["torchvision-resnet18"] = ("torchvision-resnet", "resnet18", ""),
            ["torchvision-resnet34-nested"] = ("torchvision-resnet", "resnet34", ""),
            ["torchvision-resnet50"] = ("torchvision-resnet", "resnet50", ""),
        };

    private const string Script = """
        import re, collections
        def trained(model):
            with torch.no_grad():
                for name, b in model.named_buffers():
                    if name.endswith('running_mean'): b.normal_(0, 0.1)
                    elif name.endswith('running_var'): b.uniform_(0.5, 2)
                for p in model.parameters():
                    if p.dim() == 1: p.add_(torch.randn_like(p) * 0.1)
            return model.eval()
        def grey(model):
            model.features.conv0 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
            return model
        def old(state): return collections.OrderedDict((re.sub(r'(denselayer\d+\.(?:norm|conv))([12])', r'\1.\2', k), v) for k, v in state.items() if not k.endswith('num_batches_tracked'))
        def under(prefix, state): return collections.OrderedDict((prefix + k, v) for k, v in state.items())
        def floats(state, type): return collections.OrderedDict((k, v.to(type) if v.is_floating_point() else v) for k, v in state.items())

        class CheXNet(torch.nn.Module):
            def __init__(self, outputs=14):
                super().__init__()
                self.densenet121 = torchvision.models.densenet121()
                self.densenet121.classifier = torch.nn.Sequential(torch.nn.Linear(1024, outputs), torch.nn.Sigmoid())
            def forward(self, x): return self.densenet121(x)
            def logits(self, x):
                d = self.densenet121
                return d.classifier[0](torch.nn.functional.relu(d.features(x)).mean((2, 3)))

        # MONAI's names and order (monai/networks/nets/densenet.py); two spatial dimensions, no dropout.
        class MonaiLayer(torch.nn.Module):
            def __init__(self, channels):
                super().__init__()
                n = torch.nn
                self.layers = n.Sequential(collections.OrderedDict(norm1=n.BatchNorm2d(channels), relu1=n.ReLU(), conv1=n.Conv2d(channels, 128, 1, bias=False),
                    norm2=n.BatchNorm2d(128), relu2=n.ReLU(), conv2=n.Conv2d(128, 32, 3, padding=1, bias=False)))
            def forward(self, x): return torch.cat([x, self.layers(x)], 1)
        class Monai(torch.nn.Module):
            def __init__(self, inputs, outputs, blocks=(6, 12, 24, 16)):
                super().__init__()
                n = torch.nn
                self.features = n.Sequential(collections.OrderedDict(conv0=n.Conv2d(inputs, 64, 7, 2, 3, bias=False), norm0=n.BatchNorm2d(64), relu0=n.ReLU(), pool0=n.MaxPool2d(3, 2, 1)))
                channels = 64
                for i, layers in enumerate(blocks):
                    self.features.add_module(f'denseblock{i + 1}', n.Sequential(collections.OrderedDict((f'denselayer{j + 1}', MonaiLayer(channels + 32 * j)) for j in range(layers))))
                    channels += 32 * layers
                    if i == len(blocks) - 1:
                        self.features.add_module('norm5', n.BatchNorm2d(channels))
                    else:
                        self.features.add_module(f'transition{i + 1}', n.Sequential(collections.OrderedDict(norm=n.BatchNorm2d(channels), relu=n.ReLU(), conv=n.Conv2d(channels, channels // 2, 1, bias=False), pool=n.AvgPool2d(2, 2))))
                        channels //= 2
                self.class_layers = n.Sequential(collections.OrderedDict(relu=n.ReLU(), pool=n.AdaptiveAvgPool2d(1), flatten=n.Flatten(1), out=n.Linear(channels, outputs)))
            def forward(self, x): return self.class_layers(self.features(x))

        def save(style, value, model, channels, forward=None):
            torch.save(value, f'{FOLDER}/{style}.pth')
            x = torch.randn(2, channels, 64, 64)
            put(style + '-image', x)
            with torch.no_grad(): put(style + '-logits', (forward or model)(x))

        m = trained(torchvision.models.densenet121())
        save('torchvision-121', m.state_dict(), m, 3)
        save('torchvision-old-spelling', old(m.state_dict()), m, 3)
        save('torchvision-parallel-nested', {'epoch': 3, 'state_dict': torch.nn.DataParallel(m).state_dict(), 'optimizer': torch.optim.Adam(m.parameters()).state_dict()}, m, 3)
        save('torchvision-wrapped-thrice', {'model': under('module.model.backbone.', old(m.state_dict()))}, m, 3)
        save('torchvision-float64', floats(m.state_dict(), torch.float64), m, 3)
        state = m.state_dict()
        whole = torch.cat([torch.zeros(5)] + [v.reshape(-1) for v in state.values() if v.is_floating_point()])
        at = 5
        for k, v in state.items():
            if v.is_floating_point():
                state[k] = whole[at:at + v.numel()].view(v.shape)
                at += v.numel()
        save('torchvision-one-storage', state, m, 3)
        save('torchvision-strides', {k: v.transpose(0, 1).contiguous().transpose(0, 1) if v.dim() > 1 else v for k, v in m.state_dict().items()}, m, 3)
        for type in ('float16', 'bfloat16'):
            state = floats(m.state_dict(), getattr(torch, type))
            rounded = torchvision.models.densenet121()
            rounded.load_state_dict(floats(state, torch.float32))
            save('torchvision-' + type, state, rounded.eval(), 3)
        for size in ('169', '201'):
            m = trained(getattr(torchvision.models, 'densenet' + size)())
            save('torchvision-' + size, m.state_dict(), m, 3)

        m = trained(grey(torchvision.models.densenet121(num_classes=18)))
        save('torchxrayvision', m.state_dict(), m, 1)
        m.register_buffer('op_threshs', torch.tensor([0.25] * 17 + [float('nan')]))
        state = floats(m.state_dict(), torch.float16)
        m.load_state_dict(floats(state, torch.float32))
        save('torchxrayvision-half', {'epoch': 3, 'state_dict': state}, m, 1)

        m = trained(CheXNet())
        save('chexnet', {'epoch': 1, 'state_dict': under('module.', old(m.state_dict())), 'best_loss': 0.1}, m, 3, m.logits)
        save('chexnet-parallel-within', {k.replace('densenet121.', 'densenet121.module.'): v for k, v in m.state_dict().items()}, m, 3, m.logits)

        m = trained(torchvision.models.resnet18()); save('torchvision-resnet18', m.state_dict(), m, 3)
        m = trained(torchvision.models.resnet34()); save('torchvision-resnet34-nested', {'state_dict': under('module.', m.state_dict())}, m, 3)
        m = trained(torchvision.models.resnet50()); save('torchvision-resnet50', m.state_dict(), m, 3)
        m = trained(torchvision.models.resnet18(num_classes=5)); save('resnet18-5', m.state_dict(), m, 3)
        m = trained(torchvision.models.wide_resnet50_2(num_classes=2)); save('wide-resnet', m.state_dict(), m, 3)

        m = trained(Monai(1, 3)); save('monai', m.state_dict(), m, 1)
        m = trained(Monai(3, 2)); save('monai-colour-nested', {'net': under('module.', m.state_dict())}, m, 3)
        m = trained(Monai(1, 1, (6, 12, 32, 32))); save('monai-169', m.state_dict(), m, 1)
        """;

    /// <summary>The file, an input [2, C, 64, 64] and its logits. Skips the test where PyTorch is absent.</summary>
    internal (string Path, Tensor Image, Tensor Logits) Make(string style)
    {
        if (_peer is null)
        {
            _peer = new PythonPeer();
            _peer.Run($"FOLDER = r'{_folder.Path}'\n{Script}");
        }
        return (_folder[style + ".pth"], _peer.Get(style + "-image"), _peer.Get(style + "-logits"));
    }

    public void Dispose()
    {
        _peer?.Dispose();
        _folder.Dispose();
    }
}
