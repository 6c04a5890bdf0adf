import Foundation
import PareArrays
import PareArtifact
import PareTensor
import Testing

/// What the examples are compiled against.
private enum InstalledLibrary {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let prefix = ProcessInfo.processInfo.environment["PARE_C_PREFIX"] ?? root.appendingPathComponent("build/parec").path

  static var isReady: Bool {
    (["gcc", "g++", "make"].map { "/usr/bin/" + $0 } + [prefix + "/lib/libPareC.so"]).allSatisfy(FileManager.default.fileExists)
  }
}

/// The examples, compiled by gcc against the installed library: `scripts/build-libparec` puts it where this looks.
@Suite(.serialized, .enabled(if: InstalledLibrary.isReady, "needs gcc, g++, make and build/parec, which scripts/build-libparec makes"))
struct CExampleTests {
  @Test(arguments: [false, true]) func whatGCCCompilesGivesSwiftsBits(quantized: Bool) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pare-c-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    let built = try run(
      "/usr/bin/make", "-s", "-C", InstalledLibrary.root.appendingPathComponent("examples/c").path, "PREFIX=" + InstalledLibrary.prefix,
      "OUT=" + folder.path, "CC=gcc", "CXX=g++", "CFLAGS=-O2 -Wall -Wextra -Wpedantic -Werror", "CXXFLAGS=-O2 -Wall -Wextra -Wpedantic -Werror")
    try #require(built.status == 0, "\(built.output)")

    let model = try SampleFiles.network(quantized: quantized)
    let features = SampleFiles.rows(300)
    try Artifact.write(model, to: path("model.pare"))
    try NPY.write(Tensor(features, shape: [300, SampleFiles.featureCount]), to: path("rows.npy"))
    let expected = try SampleFiles.expected(model, rows: features)
    for (name, type, shape) in [("decision", ElementType.int8, Shape([300])), ("probabilities", .float32, [300, 3]), ("logits", .float32, [300, 3])] {
      let ran = try run(path("predict"), path("model.pare"), path("rows.npy"), path("c.npy"), name)
      #expect(ran.status == 0, "\(ran.output)")
      let bytes = try #require(expected[name])
      try NPY.write(bytes.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }, to: path("swift.npy"))
      let areEqual = FileManager.default.contentsEqual(atPath: path("c.npy"), andPath: path("swift.npy"))
      #expect(areEqual, "\(name)")
    }
    let threads = try run(path("decide"), path("model.pare"), path("rows.npy"), "4")
    #expect(threads.status == 0 && threads.output.contains("invalid: 1\n"), "\(threads.output)")
    let absent = try run(path("predict"), path("absent.pare"), path("rows.npy"), path("c.npy"))
    #expect(absent.status == 66 && absent.output.hasPrefix("error: "))
    try Data("no model".utf8).write(to: folder.appendingPathComponent("text.pare"))
    #expect(try run(path("decide"), path("text.pare"), path("rows.npy")).status == 65)
    // Kept for a run by hand, where asked for.
    if let keep = ProcessInfo.processInfo.environment["PARE_C_SAMPLE"] {
      try? FileManager.default.createDirectory(atPath: keep, withIntermediateDirectories: true)
      for name in ["model.pare", "rows.npy"] {
        try? FileManager.default.removeItem(atPath: keep + "/" + name)
        try FileManager.default.copyItem(atPath: path(name), toPath: keep + "/" + name)
      }
    }
  }

  private func run(_ program: String, _ arguments: String...) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    // As where no Swift is: nothing of this process's library path.
    process.environment = ["PATH": "/usr/bin:/bin"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
