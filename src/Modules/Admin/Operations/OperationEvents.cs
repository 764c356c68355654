namespace TicMate.Admin.Operations;

/// <summary>One thing that an admin did to the running of the service; each is a stream of its own, so that they never wait for each other.</summary>
public sealed record OperationsAction(Guid Id);

/// <summary>A message that had been given up was asked to be tried again.</summary>
public sealed record DeadLetterReplayed(Guid Id, string MessageType);

/// <summary>A message that had been given up was thrown away.</summary>
public sealed record DeadLetterDiscarded(Guid Id, string MessageType);

/// <summary>A read model was asked to be built anew.</summary>
public sealed record RebuildStarted(string Name, bool AcceptDifferences);

/// <summary>A read model was built anew.</summary>
/// <param name="Outcome">unchanged, switched, differs or failed.</param>
/// <param name="Differences">How many rows or documents were not what the events say.</param>
public sealed record RebuildEnded(string Name, string Outcome, long Differences);
