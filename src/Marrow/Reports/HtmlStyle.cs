namespace Marrow.Reports;

/// <summary>
/// The style sheet of every report. It uses the reader's own fonts, follows the setting for light or dark, and suits
/// printing.
/// </summary>
internal static class HtmlStyle
{
    public const string Css = """

        :root{--ground:#fff;--ink:#1f2429;--muted:#5c6670;--line:#d9dfe5;--card:#f5f7f9;--accent:#0b6e99;--data:#e8f1fb;--model:#eaf6ee;--data-line:#7fb0e0;--model-line:#7fc399}
        @media screen and (prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#dfe6ed;--muted:#98a4b0;--line:#2b333c;--card:#161b22;--accent:#62c4f5;--data:#13263a;--model:#12291c;--data-line:#3d74ab;--model-line:#3f8a5c}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1110px;padding:2.2rem 1.4rem 4rem;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        header{border-bottom:1px solid var(--line);margin-bottom:1rem}
        h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .3rem}
        header p{color:var(--muted);margin:0 0 1.1rem}
        h2{font-size:1.25rem;margin:2.4rem 0 .7rem;letter-spacing:-.01em}
        p{max-width:46rem}
        nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.92rem}
        a{color:var(--accent);text-decoration:none}
        a:hover{text-decoration:underline}
        .callout{border-left:4px solid var(--accent);background:var(--card);padding:.8rem 1.1rem;border-radius:0 8px 8px 0;font-size:1.06rem}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:.8rem;margin:1rem 0}
        .figures div{background:var(--card);border-radius:10px;padding:.8rem 1rem;display:flex;flex-direction:column}
        .figures b{font-size:1.65rem;line-height:1.2;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
        .figures small{color:var(--muted)}
        .table,.scroll{overflow-x:auto}
        table{border-collapse:collapse;margin:.6rem 0;font-size:.94rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--muted);padding-bottom:.4rem}
        th{text-align:left;font-weight:600;border-bottom:2px solid var(--line);padding:.4rem .9rem .4rem 0;vertical-align:bottom}
        td{border-bottom:1px solid var(--line);padding:.38rem .9rem .38rem 0;vertical-align:top}
        .n{text-align:right}
        th.n,td.n{padding-left:.9rem}
        td.short{white-space:nowrap}
        figure{margin:0}
        .plot{display:inline-block;vertical-align:top;width:min(100%,31.5rem);margin:.5rem .9rem .5rem 0}
        .plot.wide{width:min(100%,60rem)}
        .plot img{width:100%;border:1px solid var(--line);border-radius:10px;display:block}
        .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:1rem;margin:1rem 0;align-items:start}
        .pictures img{width:100%;border-radius:8px;display:block}
        figcaption{font-size:.86rem;color:var(--muted);margin-top:.35rem;overflow-wrap:anywhere}
        pre{background:var(--card);border-radius:10px;padding:.9rem 1.1rem;overflow-x:auto;font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .lineage{width:100%;min-width:640px;height:auto;display:block}
        .lineage rect{stroke-width:1.5}
        .lineage text{font-size:12px;fill:var(--muted)}
        .lineage .title{font-size:13px;font-weight:600;fill:var(--ink)}
        .lineage .dataset rect{fill:var(--data);stroke:var(--data-line)}
        .lineage .checkpoint rect{fill:var(--model);stroke:var(--model-line)}
        .lineage .arrow{fill:none;stroke:var(--muted);stroke-width:1.6}
        .lineage .head{fill:var(--muted)}
        .lineage .label{text-anchor:middle;font-size:11.5px;fill:var(--ink);paint-order:stroke;stroke:var(--ground);stroke-width:4px}
        @media print{body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}h2{break-after:avoid}figure,tr,.figures div{break-inside:avoid}.pictures{grid-template-columns:repeat(4,1fr)}}

        """;
}
