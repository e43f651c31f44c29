using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Marrow.Cli;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>marrow hub push and pull as they are typed, and oci:// wherever a checkpoint is named.</summary>
public sealed class RegistryCommandTests : IDisposable
{
    private readonly RegistryBench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static (int Code, string Output, string Error) Call(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(args, output, error, CancellationToken.None), output.ToString(), error.ToString());
    }

    [Fact]
    public void Push_and_pull_say_what_went_over_the_line()
    {
        using var registry = new FakeRegistry();
        using var saved = _bench.Save(license: "LicenseRef-SpineWeb-research");
        var name = $"oci://{registry.Host}/lab/one:v1";
        var push = Call("hub", "push", saved.Name, name, "--hub", _bench.From.Folder);
        Assert.Equal(0, push.Code);
        Assert.Contains("6 of 6", push.Output);
        Assert.Contains("LicenseRef-SpineWeb-research forbids redistribution", push.Error);
        Assert.Contains($"marrow hub pull {name}", push.Output);

        var pull = Call("hub", "pull", name, "--hub", _bench.To.Folder, "--json");
        Assert.Equal(0, pull.Code);
        using var document = JsonDocument.Parse(pull.Output);
        var pulled = document.RootElement.GetProperty("pulled")[0];
        Assert.Equal(
            (saved.Digest, 6),
            (pulled.GetProperty("digest").GetString(), pulled.GetProperty("filesFetched").GetInt32()));
        Assert.Contains("was there", Call("hub", "pull", name, "--hub", _bench.To.Folder).Output);
    }

    [Fact]
    public void A_reference_to_a_registry_is_pulled_where_a_checkpoint_is_named()
    {
        using var registry = new FakeRegistry();
        using var saved = _bench.Save();
        var name = $"oci://{registry.Host}/lab/one:v1";
        Assert.Equal(0, Call("hub", "push", saved.Name, name, "--hub", _bench.From.Folder).Code);
        Directory.CreateDirectory(_bench.To.Folder);
        registry.Requests.Clear();

        var show = Call("hub", "show", name, "--hub", _bench.To.Folder, "--json");
        Assert.Equal(0, show.Code);
        using var document = JsonDocument.Parse(show.Output);
        Assert.Equal(saved.Digest, document.RootElement.GetProperty("digest").GetString());
        Assert.Contains($"{name} is {saved.Name}@{saved.Digest}", show.Error);
        Assert.Equal(7, registry.Requests.Count); // manifest and six files

        Assert.Equal(0, Call("hub", "show", name, "--hub", _bench.To.Folder).Code);
        Assert.Equal(8, registry.Requests.Count); // the tag alone

        registry.Dispose();
        var offline = Call("hub", "show", name, "--hub", _bench.To.Folder);
        Assert.Equal(1, offline.Code);
        Assert.Contains("marrow hub list", offline.Error);
    }

    [Theory]
    [InlineData("hub pull oci://host/a")]
    [InlineData("hub pull densenet-mini.a")]
    [InlineData("hub pull oci://host/a:b --parallel 0")]
    [InlineData("hub push densenet-mini.a")]
    [InlineData("hub push densenet-mini.a https://host/a:b")]
    public void Wrong_usage_is_code_2(string line) => Assert.Equal(ExitCode.WrongUsage, Call(line.Split(' ')).Code);

    /// <summary>In processes of their own: what a machine trusts is read once.</summary>
    [Fact]
    public void A_certificate_counts_only_where_it_is_trusted()
    {
        using var registry = RegistryBench.Start(
            http: "  tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem}",
            prepare: Certify);
        using var saved = _bench.Save();
        var name = $"oci://{registry.Host}/lab/one:v1";
        var trusted = Path.Combine(registry.Folder, "cert.pem");

        var refused = Start(null, "hub", "push", saved.Name, name, "--hub", _bench.From.Folder);
        Assert.Equal(1, refused.Code);
        Assert.Contains("a TLS certificate that this machine trusts", refused.Error);
        Assert.Contains("SSL_CERT_FILE", refused.Error);

        Assert.Equal(0, Start(trusted, "hub", "push", saved.Name, name, "--hub", _bench.From.Folder).Code);
        Assert.Equal(1, Start(null, "hub", "pull", name, "--hub", _bench.To.Folder).Code);
        var otherName = Start(
            trusted,
            "hub",
            "pull",
            $"oci://localhost:{registry.Port}/lab/one:v1",
            "--hub",
            _bench.To.Folder
        ); // the certificate is for the address alone
        Assert.Equal(1, otherName.Code);
        Assert.Contains("it is for another name", otherName.Error);
        Assert.Equal(0, Start(trusted, "hub", "pull", name, "--hub", _bench.To.Folder).Code);
        RegistryBench.AssertSame(saved.Path, Assert.Single(_bench.To.List()).Folder);

        // it speaks TLS only
        Assert.Equal(1, Start(trusted, "hub", "pull", name, "--hub", _bench.To.Folder, "--plain-http").Code);
    }

    /// <summary>Not even on this machine is a name taken for plain HTTP unless it is a loopback address.</summary>
    [Fact]
    public void Plain_HTTP_beyond_loopback_must_be_asked_for()
    {
        using var registry = RegistryBench.Start();
        using var proxy = new CuttingProxy(registry.Port, IPAddress.Any);
        var address = Dns.GetHostAddresses(Dns.GetHostName(), System.Net.Sockets.AddressFamily.InterNetwork)
            .FirstOrDefault(a => !IPAddress.IsLoopback(a));
        Assert.SkipWhen(address is null, "This machine has no address but loopback.");
        using var saved = _bench.Save();
        var name = $"oci://{address}:{proxy.Host.Split(':')[1]}/lab/one:v1";
        var refused = Call("hub", "push", saved.Name, name, "--hub", _bench.From.Folder);
        Assert.Equal(1, refused.Code);
        Assert.Contains("a registry that speaks TLS", refused.Error);
        Assert.DoesNotContain(proxy.Requests, r => r.Contains("/v2/", StringComparison.Ordinal));
        Assert.Equal(0, Call("hub", "push", saved.Name, name, "--hub", _bench.From.Folder, "--plain-http").Code);
        Assert.Equal(0, Call("hub", "pull", name, "--hub", _bench.To.Folder, "--plain-http").Code);
    }

    private static void Certify(string folder)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(
            "CN=marrow-test",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private static (int Code, string Output, string Error) Start(string? trusted, params string[] args)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (trusted is not null)
            start.Environment["SSL_CERT_FILE"] = trusted;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
