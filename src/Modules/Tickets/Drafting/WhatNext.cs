using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Drafting;

/// <summary>Who spoke last on a ticket.</summary>
public enum LastWord { Nobody, Owner, Team }

/// <summary>What the team should do next, by plain rules.</summary>
public static class WhatNext
{
    /// <param name="openQuestion">The first question of the last speaker that nobody has answered; null without one.</param>
    public static string Of(string status, LastWord last, bool isAssigned, string? openQuestion)
    {
        if (status is Status.Completed)
            return "";

        var step = (last, openQuestion) switch
        {
            (LastWord.Nobody, _) => "Send the owner a first reply.",
            (LastWord.Owner, { } question) => $"Answer the owner: {question}",
            (LastWord.Owner, null) => "Go on with what the owner said last, and reply.",
            (LastWord.Team, { } question) when status is Status.Waiting => $"Wait for the owner's answer: {question}",
            (LastWord.Team, { } question) => $"Set the ticket to waiting until the owner answers: {question}",
            (LastWord.Team, null) when status is Status.Waiting => "Ask the owner whether it is solved.",
            _ => "Do what was announced last, and tell the owner what came of it.",
        };
        return isAssigned ? step : $"Find somebody to take the ticket. Then: {char.ToLowerInvariant(step[0])}{step[1..]}";
    }
}
