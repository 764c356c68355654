using System.Text.RegularExpressions;

namespace TicMate.Identity.Links;

/// <summary>What the mails say. Pure.</summary>
public static partial class AccountMailText
{
    public static (string Subject, string Text) Of(AccountMailKind kind, string name, string? link)
    {
        var (subject, body) = kind switch
        {
            AccountMailKind.VerifyEmail => ("Confirm your e-mail address", $"""
                Thank you for signing up. Please confirm that this address is yours:

                {link}

                The link works once, for 24 hours. If you did not sign up, ignore this mail.
                """),
            AccountMailKind.ChangeEmail => ("Confirm your new e-mail address", $"""
                Please confirm that this address is yours, and your account will use it from then on:

                {link}

                The link works once, for 24 hours. If you did not ask for this, ignore this mail.
                """),
            AccountMailKind.ResetPassword => ("Choose a new password", $"""
                You can choose a new password here:

                {link}

                The link works once, for 30 minutes. If you did not ask for it, ignore this mail: your password stays as it is.
                """),
            AccountMailKind.Invitation => ("You are invited", $"""
                An account has been made for you. Choose your password here:

                {link}

                The link works once, for 7 days.
                """),
            AccountMailKind.AlreadyRegistered => ("You already have an account", """
                Somebody, probably you, has just tried to sign up with this address. You already have an account, and nothing about it
                has changed: sign in as always. If you do not remember your password, choose "Forgot password" there.
                """),
            AccountMailKind.AddressTaken => ("Your address is in use already", """
                Somebody, perhaps you, has just tried to give this address to another account. It belongs to your account, and nothing
                has changed. You need not do anything.
                """),
            AccountMailKind.AddressChangeAsked => ("Your e-mail address is about to change", """
                A new e-mail address was asked for in your account. It takes effect once it is confirmed; until then this address stays.

                If that was not you, change your password now, which signs out everybody else, and tell an administrator.
                """),
            AccountMailKind.AddressChanged => ("Your e-mail address has changed", """
                Your account uses another e-mail address from now on. This is the last mail to this one.

                If that was not you, tell an administrator now.
                """),
            AccountMailKind.AddressNow => ("This is the e-mail address of your account now", """
                An administrator has made this the address of your account. Sign in with it from now on.

                If you do not know of such an account, ignore this mail.
                """),
            AccountMailKind.PasswordChanged => ("Your password has changed", """
                The password of your account has been changed, and every other device is signed out.

                If that was not you, choose "Forgot password" where you sign in, and tell an administrator.
                """),
            AccountMailKind.PasswordReset => ("Your password has changed", """
                A new password was chosen for your account with a link from a mail, and every device is signed out.

                If that was not you, choose "Forgot password" where you sign in, and tell an administrator.
                """),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

        return ($"[TICMaTe] {subject}", $"Hello{(name.Length > 0 ? " " + name : "")},\n\n{body}\n\nTICMaTe\n");
    }

    /// <summary>
    /// The name in one line; none when mail programs might show it as a link. Whoever signs up somebody else's address chooses it.
    /// </summary>
    public static string SafeName(string name)
    {
        var line = new string([.. name.Where(c => !char.IsControl(c) && c is not ('\u2028' or '\u2029'))]).Trim();
        return LooksLikeLink().IsMatch(line) ? "" : line;
    }

    [GeneratedRegex(@"[/\\@]|\w[.:]\w", RegexOptions.NonBacktracking)]
    private static partial Regex LooksLikeLink();
}
