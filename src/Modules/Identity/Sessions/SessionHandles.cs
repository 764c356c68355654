using System.Security.Cryptography;

namespace TicMate.Identity.Sessions;

/// <summary>
/// The ids by which people name their sessions. A session's own id is in its tokens and stays there; these are that id enciphered, one
/// AES block, so that nothing is stored and nothing can be guessed.
/// </summary>
public sealed class SessionHandles(Keys keys)
{
    private readonly byte[] key = keys.For("session handle");

    public Guid Of(Guid sessionId) => Crypt(sessionId, (aes, block) => aes.EncryptEcb(block, PaddingMode.None));

    public Guid SessionOf(Guid handle) => Crypt(handle, (aes, block) => aes.DecryptEcb(block, PaddingMode.None));

    // A single block is what the cipher itself does; a mode is for more than one.
    private Guid Crypt(Guid id, Func<Aes, byte[], byte[]> crypt)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        return new Guid(crypt(aes, id.ToByteArray(bigEndian: true)), bigEndian: true);
    }
}
