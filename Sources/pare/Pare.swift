import ArgumentParser
import Foundation
import Logging
import PareEvaluation
import PareTensor

/// The command line: argument parsing and printing only. What it does is in PareEvaluation.
@main
struct Pare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pare",
    abstract: "Pares a trading model down to a strategy's latency, memory and cost budget, and shows what that costs in money.",
    discussion: """
      First steps:
        pare demo                                   everything once, on a simulated market
        pare run examples/simulated.yaml            an experiment: train, pare, judge, choose
        pare report runs/demo                       its report and deployment card once more
        pare distill examples/simulated.yaml --student mlp:32-16 --int8
        pare search examples/search.yaml            many recipes, and the frontier of what they cost
        pare runs                                   every run so far; pare runs diff 1 2
        pare compare runs/btc runs/eth              two runs, or two models, side by side
        pare import BTCUSDT-5m.csv.gz --symbol BTCUSDT --interval 5
        pare fetch BTCUSDT --interval 5 --days 30   candles from Bybit
        pare bench runs/demo/artifacts/teacher-int8.pare
        pare convert model.onnx model.pare          a model trained elsewhere

      Exit codes: 0 done, 64 usage, 65 bad data, 66 no input, 69 service unavailable, 70 internal, 73 cannot create output.
      """,
    version: PareVersion.current,
    subcommands: [
      DemoCommand.self, RunCommand.self, RunsCommand.self, ReportCommand.self, SearchCommand.self, TrainCommand.self, TeachCommand.self,
      DistillCommand.self, CompressCommand.self,
      QuantizeCommand.self, ConvertCommand.self, PredictCommand.self, CompareCommand.self, BenchCommand.self, InspectCommand.self,
      ImportCommand.self, FetchCommand.self,
    ])

  static func main() async {
    // Progress and errors say what a person needs; the libraries' logs are for other programs.
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      try StandardOutput.finish()
    } catch let error as any PareError {
      fail(error.description, code: error.category.rawValue)
    } catch let error as CancellationError {
      fail("interrupted: \(error)", code: ErrorCategory.serviceUnavailable.rawValue)
    } catch {
      switch exitCode(for: error) {
      // Help and version are no failures; they print themselves.
      case .success: exit(withError: error)
      case .validationFailure: fail(usage(error).description, code: ErrorCategory.usage.rawValue)
      default: fail("unexpected: \(error)", code: ErrorCategory.internalFailure.rawValue)
      }
    }
  }

  private static func usage(_ error: any Error) -> UsageMessage {
    UsageMessage(
      message(for: error), arguments: Array(CommandLine.arguments.dropFirst()),
      commands: configuration.subcommands.compactMap { $0.configuration.commandName })
  }

  /// Prints one line to standard error, in place of a bar that is being drawn there, and ends the process.
  private static func fail(_ message: String, code: Int32) -> Never {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    FileHandle.standardError.write(Data("\(Terminal.erasesLine)error: \(line)\n".utf8))
    Foundation.exit(code)
  }
}
