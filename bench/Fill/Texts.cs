using CsvHelper;

namespace TicMate.Bench.Fill;

/// <summary>What somebody wrote, and the skill that solving it took.</summary>
public sealed record SampleText(string Text, string Skill);

/// <summary>What people write tickets about.</summary>
public static class Texts
{
    /// <summary>When no file is given. Made up; of each skill a few.</summary>
    private static readonly SampleText[] Own =
    [
        new("printer on the second floor jams with every document since yesterday the tray was cleaned twice without success", "Hardware"),
        new("laptop battery drains within an hour and the charger becomes very hot please send a replacement", "Hardware"),
        new("docking station does not recognise both monitors after the firmware update the cable was exchanged already", "Hardware"),
        new("keyboard keys stick and the mouse loses its connection during meetings several times every day", "Hardware"),
        new("cannot sign in to the payroll portal the password was reset but the page says that my account is locked", "Access"),
        new("new colleague needs permission for the shared calendar and the customer folder before monday morning", "Access"),
        new("two factor codes arrive late so the session expires before anybody can confirm them on the phone", "Access"),
        new("former contractor still appears in the mailing group please remove that membership and the badge", "Access"),
        new("network drive reports that no space is left although we deleted last years archive and recordings", "Storage"),
        new("please restore the quarterly report which was overwritten on tuesday evening from the nightly backup", "Storage"),
        new("mailbox quota exceeded incoming messages bounce and the archive folder does not open any more", "Storage"),
        new("please order twelve headsets and four webcams for the support team on our usual cost centre", "Purchase"),
        new("licence of the drawing software expires next month we need a quotation for thirty seats", "Purchase"),
        new("delivery of the ordered displays is incomplete the invoice lists eight but only five boxes arrived", "Purchase"),
        new("vacation balance in the employee portal is wrong ten days from last year were not carried over", "HR Support"),
        new("please correct my bank details and postal address before the salary of this month is transferred", "HR Support"),
        new("question about parental leave form which signature is missing and where should the certificate be sent", "HR Support"),
        new("need administrator rights to install the database driver on the build machine for two days", "Administrative rights"),
        new("installer asks for elevated privileges every morning although the exception was approved last week", "Administrative rights"),
        new("project workspace must be created with repository wiki and board for the migration of the intranet", "Internal Project"),
        new("please add the pilot users to the release plan of the internal project and update the milestone", "Internal Project"),
        new("coffee machine in the kitchen shows an error and the meeting room lights cannot be switched off", "Miscellaneous"),
        new("visitors from the partner company arrive on thursday please prepare badges parking and wireless guests", "Miscellaneous"),
    ];

    /// <summary>Those of a file with the columns <c>text</c> and <c>skill</c>, or ours.</summary>
    public static IReadOnlyList<SampleText> Read(string? file)
    {
        if (file is null)
            return Own;

        using var csv = CsvReader.Create(File.OpenRead(file));
        var (text, skill) = (Column("text"), Column("skill"));
        List<SampleText> read = [];
        while (csv.Read())
            if (csv.Current.ToArray() is var row && row[text].Split(' ').Length >= 8)
                read.Add(new(row[text], row[skill]));
        return read;

        int Column(string name) => csv.Headers.ToList().FindIndex(header => header.Equals(name, StringComparison.OrdinalIgnoreCase)) is >= 0 and var column
            ? column : throw new ArgumentException($"{file} has no column {name}.");
    }
}
