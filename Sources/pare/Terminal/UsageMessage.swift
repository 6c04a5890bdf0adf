import PareCompression

/// What is wrong with a command as it was typed, in one line with the way to its help.
struct UsageMessage: CustomStringConvertible {
  let description: String

  /// - Parameters:
  ///   - message: ArgumentParser's; it lists more than a few choices one below the other.
  ///   - arguments: as typed, without the program's name.
  ///   - commands: the names that the first of them may have.
  init(_ message: String, arguments: [String], commands: [String]) {
    let asked = arguments.first ?? ""
    if commands.contains(asked) {
      description = Self.line(message) + " (see 'pare \(asked) --help')"
    } else if asked.isEmpty || asked.hasPrefix("-") {
      description = Self.line(message) + " (see 'pare --help')"
    } else {
      description =
        "command: expected \(NearestWord.expectation(asked, among: commands)), found '\(asked)' (see 'pare --help')"
    }
  }

  private static func line(_ message: String) -> String {
    let lines = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
    let choices = lines.filter { $0.hasPrefix("- ") }.map { $0.dropFirst(2) }
    return (lines.filter { !$0.hasPrefix("- ") } + [choices.joined(separator: ", ")[...]])
      .filter { !$0.isEmpty }.joined(separator: " ")
  }
}
