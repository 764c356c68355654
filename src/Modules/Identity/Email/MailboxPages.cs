using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Html;

namespace TicMate.Identity.Email;

/// <summary>The two pages. Pure. Whatever is put into a hole of <see cref="Html"/> is encoded unless it is markup already.</summary>
public static partial class MailboxPages
{
    private static readonly HtmlString Style = new("""
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
        body { max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
        h1 { font-size: 1.25rem; line-height: 1.3 }
        ul { list-style: none; padding: 0 }
        li { border-top: 1px solid #8886; padding: .6rem 0 }
        li > a { display: block; font-weight: 600 }
        small, dt { color: #666 }
        a { color: #0b57d0 }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem }
        dd { margin: 0 }
        pre { white-space: pre-wrap; font: inherit; border-top: 1px solid #8886; padding-top: 1rem }
        @media (prefers-color-scheme: dark) { small, dt { color: #aaa } a { color: #a8c7fa } }
        """);

    private static readonly HtmlFormattableString Nothing = new("");

    public static IHtmlContent List(IReadOnlyList<MailboxEntry> mails, int page, bool more)
    {
        var items = Join(mails.Select(mail => Html(
            $"""<li><a href="/dev/mail/{mail.Id}">{OrDash(mail.Subject)}</a><small>{mail.To} · {Time(mail.Date)}</small></li>""")));
        var content = mails.Count > 0
            ? Html($"<ul>{items}</ul>")
            : Html($"<p>No mail. What is sent while no mail server is set lands here.</p>");
        var newer = page > 1 ? Html($"""<a href="/dev/mail?page={page - 1}">Newer</a> """) : Nothing;
        var older = more ? Html($"""<a href="/dev/mail?page={page + 1}">Older</a>""") : Nothing;
        return Whole("Mail", Html($"<h1>Mail</h1>{content}<nav>{newer}{older}</nav>"));
    }

    public static IHtmlContent One(MailboxEntry mail) => Whole(mail.Subject, Html($"""
        <nav><a href="/dev/mail">All mail</a> · <a href="/dev/mail/{mail.Id}.eml">Download</a></nav>
        <h1>{OrDash(mail.Subject)}</h1>
        <dl><dt>To</dt><dd>{mail.To}</dd><dt>Sent</dt><dd>{Time(mail.Date)}</dd></dl>
        <pre>{Linked(mail.Text)}</pre>
        """));

    public static string Render(IHtmlContent page)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        page.WriteTo(text, HtmlEncoder.Default);
        return text.ToString();
    }

    private static HtmlFormattableString Whole(string title, IHtmlContent body) => Html($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{title}</title><style>{Style}</style>
        </head>
        <body>{body}</body>
        </html>
        """);

    private static HtmlContentBuilder Linked(string text)
    {
        var parts = new HtmlContentBuilder();
        var done = 0;
        foreach (Match found in Link().Matches(text))
        {
            // The full stop after a link belongs to the sentence.
            var link = found.Value.TrimEnd('.', ',', ';', ':', '!', '?', ')');
            if (!Uri.TryCreate(link, UriKind.Absolute, out _))
                continue;

            parts.Append(text[done..found.Index]);
            parts.AppendHtml(Html($"""<a href="{link}" rel="noopener noreferrer">{link}</a>"""));
            done = found.Index + link.Length;
        }

        parts.Append(text[done..]);
        return parts;
    }

    private static HtmlFormattableString Html(FormattableString markup) =>
        new(CultureInfo.InvariantCulture, markup.Format, markup.GetArguments()!);

    private static HtmlContentBuilder Join(IEnumerable<IHtmlContent> parts)
    {
        var all = new HtmlContentBuilder();
        foreach (var part in parts)
            all.AppendHtml(part);
        return all;
    }

    private static string OrDash(string subject) => string.IsNullOrWhiteSpace(subject) ? "–" : subject;

    private static string Time(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    [GeneratedRegex("""https?://[^\s<>"]+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 100)]
    private static partial Regex Link();
}
