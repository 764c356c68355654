namespace TicMate.Identity.Links;

/// <summary>How accounts are opened, and where the links in mails lead. The host fills it in from the configuration.</summary>
public sealed class AccountOptions
{
    /// <summary><c>Identity:RequireVerifiedEmail</c>: whether an account can sign in only once its address is proved.</summary>
    public bool RequireVerifiedEmail { get; set; }

    /// <summary><c>Mail:VerifyUrl</c>: the page that uses up a verification link; the token is appended.</summary>
    public string VerifyUrl { get; set; } = "";

    /// <summary><c>Mail:ResetUrl</c>: the page on which a password is chosen; the token is appended.</summary>
    public string ResetUrl { get; set; } = "";
}
