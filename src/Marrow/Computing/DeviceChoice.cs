using System.Globalization;
using TorchSharp;

namespace Marrow.Computing;

/// <summary>
/// Which device a user asks for: auto, cpu, cuda or cuda:N, where cuda is cuda:0. The default is auto: the first CUDA
/// device if libtorch has one that computes, else the processor.
/// </summary>
public readonly record struct DeviceChoice
{
    internal DeviceChoice(ComputeDevice? asked) => Asked = asked;

    /// <summary>Null: auto.</summary>
    internal ComputeDevice? Asked { get; }

    /// <summary>What can be asked for, as help and messages have it.</summary>
    public const string Words = "auto|cpu|cuda[:N]";

    /// <summary>The same in a sentence.</summary>
    public const string Expected = "auto, cpu, cuda or cuda:N with a number from 0";

    private const string AutoWord = "auto", CpuWord = "cpu", CudaWord = "cuda";
    private const int MostDevices = 128; // c10::Device keeps the number in one signed byte

    /// <summary>Throws <see cref="MarrowException"/> for anything else.</summary>
    public static DeviceChoice Parse(string text) => TryParse(text, out var choice) ? choice
        : throw MarrowException.Bad("device", Expected, $"'{text}'", "Leave it out to have the device chosen.");

    public static bool TryParse(string text, out DeviceChoice choice)
    {
        choice = default;
        switch (text.Split(':'))
        {
            case [AutoWord]:
                return true;
            case [CpuWord]:
                choice = new(ComputeDevice.Cpu);
                return true;
            case [CudaWord]:
                choice = new(new ComputeDevice(DeviceType.CUDA));
                return true;
            case [CudaWord, var number]
                when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && index < MostDevices:
                choice = new(new ComputeDevice(DeviceType.CUDA, index));
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// The device to compute on. Throws <see cref="MarrowException"/>, which says what is missing and how to get it,
    /// where the one that was asked for can't be used.
    /// </summary>
    internal ComputeDevice Take()
    {
        InstalledLibtorch.RequireUsable();
        if (Asked is not { } asked)
            return CudaDevices.Problem(0) is null ? new(DeviceType.CUDA) : ComputeDevice.Cpu;
        if (asked.Type == DeviceType.CUDA && CudaDevices.Problem(asked.Index) is { } problem)
            throw problem;
        return asked;
    }

    public override string ToString() => Asked?.ToString() ?? AutoWord;
}
