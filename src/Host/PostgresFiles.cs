using System.Text;

namespace TicMate.Host;

/// <summary>Files and folders with their rights, and locks that the kernel releases however a process ends.</summary>
public static class PostgresFiles
{
    public const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode OwnersFolder = OwnersFile | UnixFileMode.UserExecute;
    public const UnixFileMode PassableFolder = OwnersFolder | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    public const UnixFileMode EveryonesFile = OwnersFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    public const UnixFileMode EveryonesFolder = PassableFolder | EveryonesFile;

    /// <summary>Makes a folder that is ours alone. Root lets others pass, for the account that runs PostgreSQL; they cannot look.</summary>
    public static async Task PrepareAsync(string folder)
    {
        var mode = PostgresAccount.IsRoot ? PassableFolder : OwnersFolder;
        Make(folder);
        if (!OperatingSystem.IsWindows()
            && (new DirectoryInfo(folder).LinkTarget is not null || !await PostgresAccount.Own.OwnsAsync(folder)))
            throw new LocalPostgresException(
                $"{folder} is a link or belongs to another user. Remove it, or set TICMATE_DATA to another folder.");

        MakeFolder(folder, mode);

        void Make(string path)
        {
            if (Directory.Exists(path))
                return;

            Make(Path.GetDirectoryName(path)!);
            MakeFolder(path, mode);
        }
    }

    public static void MakeFolder(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        // Once more, because the umask has its say in the first.
        Directory.CreateDirectory(path, mode);
        File.SetUnixFileMode(path, mode);
    }

    public static void Write(string path, string text, UnixFileMode mode)
    {
        using var file = Open(path, FileMode.Create, FileAccess.Write, FileShare.Read, mode);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file.SafeFileHandle, mode);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    /// <summary>One process at a time starts or stops the server of a folder.</summary>
    public static async Task<FileStream> LockAsync(string folder, CancellationToken ct)
    {
        while (true)
        {
            if (TryOpen(Path.Combine(folder, "lock"), FileShare.None) is { } door)
                return door;
            await Task.Delay(50, ct);
        }
    }

    /// <summary>A lock for as long as the stream is open: exclusive, or shared by all who read. Null if another's is in the way.</summary>
    public static FileStream? TryOpen(string path, FileShare share)
    {
        const int linux = 11, macOs = 35, windows = unchecked((int)0x80070020);
        try
        {
            return Open(path, FileMode.OpenOrCreate, share == FileShare.None ? FileAccess.ReadWrite : FileAccess.Read, share, OwnersFile);
        }
        catch (IOException held) when (held.HResult is linux or macOs or windows)
        {
            return null;
        }
    }

    /// <summary>Deletes what can be deleted. What cannot is left for the next time.</summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            // Another run may be deleting it too.
        }
    }

    private static FileStream Open(string path, FileMode open, FileAccess access, FileShare share, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = open, Access = access, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        return new(path, options);
    }
}
