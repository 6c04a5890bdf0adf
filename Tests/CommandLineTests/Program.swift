import Foundation
import Testing

/// The built `pare` program, run as a person runs it.
struct Program: Sendable {
  struct Outcome: Sendable {
    let status: Int32
    let output: String
    let errors: String

    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  /// Where the test bundle is, the program is too.
  static let path: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("pare").path
  }()

  static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }

  static func run(_ arguments: [String], in folder: String, shell prefix: String? = nil) throws -> Outcome {
    let process = try start(arguments, in: folder, shell: prefix)
    return process.finish()
  }

  static func start(_ arguments: [String], in folder: String, shell prefix: String? = nil) throws -> RunningProgram {
    try RunningProgram(arguments, in: folder, shell: prefix)
  }
}

/// A program that has been started, with its output in files so that no pipe can fill up.
final class RunningProgram {
  let process = Process()
  private let outputPath: String
  private let errorPath: String

  init(_ arguments: [String], in folder: String, shell prefix: String?) throws {
    let stem = NSTemporaryDirectory() + "pare-" + UUID().uuidString
    (outputPath, errorPath) = (stem + ".out", stem + ".err")
    for path in [outputPath, errorPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    if let prefix {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", prefix + " exec \"$0\" \"$@\"", Program.path] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: Program.path)
      process.arguments = arguments
    }
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    try process.run()
  }

  func finish() -> Program.Outcome {
    process.waitUntilExit()
    defer { for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) } }
    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    return Program.Outcome(status: process.terminationStatus, output: text(outputPath), errors: text(errorPath))
  }
}

/// A folder of its own for a test.
final class WorkFolder {
  let path = NSTemporaryDirectory() + "pare-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    return name
  }
}

/// Candle files made of a few numbers.
enum CandleText {
  static let header = "start_ms,open,high,low,close,volume,turnover\n"

  /// Candles of five minutes whose prices wander by a fixed rule.
  static func wandering(_ count: Int) -> String {
    var text = header
    var price = 100.0
    for index in 0..<count {
      let next = price * (1 + 0.002 * sin(Double(index) * 0.7) * cos(Double(index) * 0.013 + 1))
      text += "\(1_700_000_100_000 + index * 300_000),\(price),\(max(price, next) + 0.01),\(min(price, next) - 0.01),\(next),\(10 + index % 7),\n"
      price = next
    }
    return text
  }

  static func constant(_ count: Int) -> String {
    header + (0..<count).map { "\(1_700_000_100_000 + $0 * 300_000),100,100,100,100,5,\n" }.joined()
  }

  /// Prices that only rise.
  static func rising(_ count: Int) -> String {
    header + (0..<count).map { index in
      "\(1_700_000_100_000 + index * 300_000),\(100 + index),\(101 + index),\(100 + index),\(101 + index),5,\n"
    }.joined()
  }
}
