using Marrow.Cli;

using var signals = new StopSignals();
if (OperatingSystem.IsWindows())
    Console.OutputEncoding = System.Text.Encoding.UTF8;
// On a terminal that is gone nobody misses a result; a file or a pipe has a reader who would.
Console.SetOut(Console.IsOutputRedirected ? new ResultWriter(Console.Out) : new RemarkWriter(Console.Out));
Console.SetError(new RemarkWriter(Console.Error));
return CommandLine.Run(args, Console.Out, Console.Error, signals.Token);
