using System.Text;
using System.Text.RegularExpressions;

namespace TicMate.Tickets.Triage;

/// <summary>
/// Makes Markdown notes harmless, whoever wrote them and wherever they end up: read as Markdown, or put into a page as HTML by
/// an old client. What comes out holds no tag, no image, and no link except to an http(s) host that the ticket itself named.
/// Cleaning twice changes nothing.
/// </summary>
public static partial class Notes
{
    // Tags inside tags need more than one pass; what is left after these is encoded.
    private const int Passes = 4;
    private const int MostRead = 16_000;
    private const string Fence = "```";

    private static readonly string[] OwnEntities =
        ["&amp;", "&lt;", "&gt;", "&#33;", "&#91;", "&#93;", "&#92;", "&#96;", "&#123;", "&#125;", "&#126;"];

    /// <param name="markdown">What a model, a rule or a person wrote.</param>
    /// <param name="ticketText">The text whose hosts may be linked to.</param>
    public static string Clean(string markdown, string ticketText)
    {
        var hosts = HostsIn(ticketText);
        var clean = new CleanText(Limits.Notes);
        var inFence = false;
        foreach (var line in WithoutTags(Visible(Limits.Cut(markdown, MostRead))).Split('\n'))
        {
            if (FenceLine.IsMatch(line))
                inFence = clean.Fence(!inFence, line.TrimEnd()) ? !inFence : inFence;
            else if (inFence)
                clean.Code(line, hosts);
            else
                Line(line, hosts, clean);
            if (!clean.Atom("\n"))
                break;
        }

        return clean.Finish(inFence);
    }

    /// <summary>The hosts a text names, in lower case: in an address, or bare.</summary>
    public static IReadOnlySet<string> HostsIn(string text) =>
        Address.Matches(Visible(Limits.Cut(text, 4 * MostRead))).Select(m => HostOf(m.Value)).OfType<string>().ToHashSet();

    private static void Line(string line, IReadOnlySet<string> hosts, CleanText clean)
    {
        var at = 0;
        foreach (Match token in Token.Matches(line))
        {
            clean.Plain(line[at..token.Index]);
            at = token.Index + token.Length;
            if (token.Value[0] == '`')
                clean.CodeSpan(token.Value[1..^1], hosts);
            else if (token.Groups["label"].Success)
                Link(token.Groups["label"].Value, token.Groups["target"].Value, hosts, clean);
            else
                Bare(token.Value, hosts, clean);
        }

        clean.Plain(line[at..]);
    }

    private static void Link(string label, string target, IReadOnlySet<string> hosts, CleanText clean)
    {
        var address = target.Trim().Split((char[]?)null, 2)[0];
        if (SafeAddress.IsMatch(address) && HostOf(address) is { } host && hosts.Contains(host))
        {
            clean.Link(CleanText.Encoded(LabelText(label)), address);
            return;
        }

        // The label may be an address of its own, as in [https://bank.example](https://evil.example).
        foreach (Match part in LabelPart.Matches(LabelText(label)))
        {
            if (Address.IsMatch(part.Value))
                Bare(part.Value, hosts, clean);
            else
                clean.Plain(part.Value);
        }

        if (SafeAddress.IsMatch(address))
        {
            clean.Plain(" (");
            clean.CodeSpan(address, hosts);
            clean.Plain(")");
        }
    }

    private static void Bare(string written, IReadOnlySet<string> hosts, CleanText clean)
    {
        var address = written.TrimEnd('.', ',', ';', ':', '!', '?', '*', '_', '~');
        if (HostOf(address) is { } host && hosts.Contains(host) && !Scripted(address))
            clean.Plain(address);
        else
            clean.CodeSpan(address, hosts);
        clean.Plain(written[address.Length..]);
    }

    private static bool Scripted(string address) =>
        address.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && address[(colon + 1)..].StartsWith('/')
        && !address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && !address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static string LabelText(string label) => label.Replace('`', '\'');

    /// <summary>Addresses of other hosts lose their scheme, so that nothing makes them clickable again.</summary>
    private static string Defanged(string code, IReadOnlySet<string> hosts) =>
        WithScheme.Replace(code, m => HostOf(m.Value) is { } host && hosts.Contains(host) && !Scripted(m.Value) ? m.Value : Scheme.Replace(m.Value, ""));

    private static string? HostOf(string address)
    {
        var candidate = address.Contains('@', StringComparison.Ordinal) && !address.Contains('/', StringComparison.Ordinal)
            ? address[(address.LastIndexOf('@') + 1)..] : address;
        if (!candidate.Contains("://", StringComparison.Ordinal))
            candidate = "http://" + candidate;
        return Uri.TryCreate(candidate.TrimEnd('.'), UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Host.Length > 0
            ? uri.IdnHost.ToLowerInvariant() : null;
    }

    /// <summary>Without characters one cannot see: controls, text direction marks, zero-width blanks.</summary>
    private static string Visible(string text)
    {
        var visible = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
        {
            if (c is '\n' or '\t' || !(char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format
                    or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator))
                visible.Append(c);
        }

        return visible.ToString();
    }

    private static string WithoutTags(string text)
    {
        text = AutoLink.Replace(text, m => $" {m.Groups["address"].Value} ");
        for (var pass = 0; pass < Passes; pass++)
            text = Script.Replace(Tag.Replace(StyleBlock.Replace(ScriptBlock.Replace(text, ""), ""), ""), m => m.Groups["rest"].Value);
        return text;
    }

    /// <summary>Builds the clean text piece by piece and stops, with an ellipsis, before it grows too long.</summary>
    private sealed class CleanText(int most)
    {
        private readonly StringBuilder _text = new();
        // Room for the ellipsis and the end of an open fence.
        private readonly int _room = most - 6;
        private bool _full;

        public bool Atom(string piece)
        {
            if (_full || _text.Length + piece.Length > _room)
                return !(_full = true);
            _text.Append(piece);
            return true;
        }

        public void Plain(string text)
        {
            for (var i = 0; i < text.Length && !_full;)
            {
                var (piece, taken) = Next(text, i);
                Atom(piece);
                i += taken;
            }
        }

        public void CodeSpan(string code, IReadOnlySet<string> hosts)
        {
            var inside = EncodedCode(Defanged(code, hosts)).Trim();
            if (inside.Length > 0)
                Atom($"`{inside}`");
        }

        public void Code(string line, IReadOnlySet<string> hosts) => Atom(EncodedCode(Defanged(line, hosts)));

        public bool Fence(bool opens, string line) => Atom(opens ? line : Notes.Fence);

        public void Link(string label, string address)
        {
            // An exclamation mark before a link would make it an image.
            if (_text.Length > 0 && _text[^1] == '!')
                _text.Length--;
            Atom($"[{label}]({address.Replace("&", "&amp;", StringComparison.Ordinal)})");
        }

        public string Finish(bool inFence)
        {
            if (_full)
                _text.Append('…');
            var text = _text.ToString().TrimEnd();
            return inFence ? $"{text}\n{Notes.Fence}" : text.TrimStart('\n');
        }

        public static string Encoded(string text)
        {
            var encoded = new StringBuilder();
            for (var i = 0; i < text.Length;)
            {
                var (piece, taken) = Next(text, i);
                encoded.Append(piece);
                i += taken;
            }

            return encoded.ToString();
        }

        private static (string Piece, int Taken) Next(string text, int i) => text[i] switch
        {
            '&' when OwnEntities.FirstOrDefault(e => string.CompareOrdinal(text, i, e, 0, e.Length) == 0) is { } own => (own, own.Length),
            '&' => ("&amp;", 1),
            '<' => ("&lt;", 1),
            // At the start of a line ">" quotes; encoded, it is still what the reader sees.
            '>' => ("&gt;", 1),
            '[' => ("&#91;", 1),
            ']' => ("&#93;", 1),
            '\\' => ("&#92;", 1),
            '`' => ("'", 1),
            '{' => ("&#123;", 1),
            '}' => ("&#125;", 1),
            // Three tildes would open a fence that this text does not know of.
            '~' => ("&#126;", 1),
            var high when char.IsHighSurrogate(high) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) => (text.Substring(i, 2), 2),
            var half when char.IsSurrogate(half) => ("\uFFFD", 1),
            var c => (c.ToString(), 1),
        };

        // Where a reader's Markdown disagrees with ours about what is code, still no link can form.
        private static string EncodedCode(string code)
        {
            var encoded = new StringBuilder();
            for (var i = 0; i < code.Length;)
            {
                var (piece, taken) = code[i] is '[' or ']' or '\\' or '{' or '}' or '~' ? (code[i].ToString(), 1) : Next(code, i);
                encoded.Append(piece);
                i += taken;
                if (piece == "]" && i < code.Length && code[i] is '(' or ':' or '[')
                    encoded.Append(' ');
            }

            return encoded.ToString();
        }
    }

    private const string InAddress = @"[^\s<>`|""'\[\](){}\\]*";
    private const string Named = @"(?:[\p{L}\p{N}_\-]{1,63}\.){1,8}[\p{L}\p{N}\-]{2,40}(?::\d{1,5})?(?:[/?#]" + InAddress + ")?";
    private const string Schemed = @"[a-zA-Z][a-zA-Z0-9+.\-]{0,20}:[/\\]+" + InAddress;
    private const string Mail = @"(?:mailto:)?[\p{L}\p{N}._%+\-]{1,64}@(?:[\p{L}\p{N}\-]{1,63}\.){1,8}\p{L}{2,24}";

    [GeneratedRegex(Schemed + "|" + Mail + "|" + Named, RegexOptions.NonBacktracking)]
    private static partial Regex Address { get; }

    [GeneratedRegex(@"`[^`]+`|!?\[(?<label>[^\[\]]{0,500})\](?:\((?<target>[^()]{0,2000})\)|\[[^\[\]]{0,200}\])|" + Schemed + "|" + Mail + "|" + Named,
        RegexOptions.NonBacktracking)]
    private static partial Regex Token { get; }

    [GeneratedRegex(@"\S+|\s+", RegexOptions.NonBacktracking)]
    private static partial Regex LabelPart { get; }

    [GeneratedRegex(Schemed, RegexOptions.NonBacktracking)]
    private static partial Regex WithScheme { get; }

    [GeneratedRegex(@"^(?:[a-zA-Z][a-zA-Z0-9+.\-]{0,20}:[/\\]+)+", RegexOptions.NonBacktracking)]
    private static partial Regex Scheme { get; }

    [GeneratedRegex(@"^https?://[A-Za-z0-9.\-]+(?::\d{1,5})?(?:[/?#][A-Za-z0-9\-._~:/?#@!$&*+,;=%]*)?$", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex SafeAddress { get; }

    [GeneratedRegex(@"^```[A-Za-z0-9+#\-]{0,20}\s*$", RegexOptions.NonBacktracking)]
    private static partial Regex FenceLine { get; }

    [GeneratedRegex(@"<(?<address>(?:https?|ftp|mailto):[^<>\s]+)>", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex AutoLink { get; }

    [GeneratedRegex(@"<script\b.*?(?:</script[^>]*>|$)", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex ScriptBlock { get; }

    [GeneratedRegex(@"<style\b.*?(?:</style[^>]*>|$)", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex StyleBlock { get; }

    [GeneratedRegex(@"(?:javascript|vbscript):(?<rest>\S)|data:(?<rest>[a-z]+/)", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Script { get; }

    [GeneratedRegex(@"<!--.*?(?:-->|$)|</?[a-zA-Z][^<>]*>|<[!?/][^<>]*>", RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Tag { get; }
}
