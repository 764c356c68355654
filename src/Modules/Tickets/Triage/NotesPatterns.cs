using System.Text.RegularExpressions;

namespace TicMate.Tickets.Triage;

/// <summary>What notes are searched for: tags, links, addresses, code.</summary>
public static partial class Notes
{
    // Unbounded repeats on purpose: without backtracking they cost nothing, and counted ones blow up the automaton.
    private const string Letter = @"[^\s<>`|""'\[\](){}\\*&";
    // In notes cleaned before, a bracket after an address is an entity: that ends the address, a mere "&" does not.
    private const string InAddress = "(?:" + Letter + "]|&(?:amp;)?(?:" + Letter + "#lga]|[lg]" + Letter + "t]|a" + Letter + "m]))*";
    private const string BareHost = @"(?:[\p{L}\p{N}_\-]+\.)+[\p{L}\p{N}\-]{2,}(?::\d+)?(?:[/?#]" + InAddress + ")?";
    private const string Schemed = @"(?:[a-zA-Z][a-zA-Z0-9+.\-]*:[/\\]{2}|(?i:https?|ftp):[/\\])[/\\]*" + InAddress;
    private const string Mail = @"(?:mailto:)?[\p{L}\p{N}._%+\-]+@(?:[\p{L}\p{N}\-]+\.)+\p{L}{2,}";

    [GeneratedRegex(Schemed + "|" + Mail + "|" + BareHost, RegexOptions.NonBacktracking)]
    private static partial Regex Address { get; }

    [GeneratedRegex(@"`[^`]+`|!?\[(?<label>[^\[\]]*)\](?:\((?<target>(?:[^()]|\([^()]*\))*)\)|\[[^\[\]]*\])|" + Schemed + "|" + Mail + "|" + BareHost,
        RegexOptions.NonBacktracking)]
    private static partial Regex Token { get; }

    [GeneratedRegex(Schemed, RegexOptions.NonBacktracking)]
    private static partial Regex WithScheme { get; }

    [GeneratedRegex(@"[a-zA-Z][a-zA-Z0-9+.\-]*:[/\\]+", RegexOptions.NonBacktracking)]
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
