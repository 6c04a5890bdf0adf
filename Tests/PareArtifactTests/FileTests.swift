import Foundation
import PareArtifact
import PareTensor
import Testing

/// Files on disk: whole or not at all, and the right kind of error.
@Suite struct FileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pare artifact \(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func category(_ body: () throws -> Void) -> ErrorCategory? {
    do {
      try body()
      return nil
    } catch { return (error as? ArtifactError)?.category }
  }

  @Test func aModelGoesToDiskAndBack() throws {
    try withFolder { folder in
      let model = try SampleModels.small()
      let path = folder + "/model.pare"
      try Artifact.write(model, to: path)
      #expect(try Artifact.encode(Artifact.read(path)) == Artifact.encode(model))
      try Artifact.write(model, to: path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.pare"])
    }
  }

  @Test func tensorsGoToDiskAndBack() throws {
    try withFolder { folder in
      let file = Safetensors(
        tensors: ["a": Tensor([1, 2] as [Float]), "ü": Tensor([true, false])], metadata: ["note": "\u{1}\"\\\n"])
      try file.write(to: folder + "/t.safetensors")
      let read = try Safetensors.read(folder + "/t.safetensors")
      #expect(read.tensors == file.tensors && read.metadata == file.metadata)
    }
  }

  @Test func whatIsNotThereOrIsNoFileIsNoInput() throws {
    try withFolder { folder in
      #expect(category { _ = try Artifact.read(folder + "/absent.pare") } == .noInput)
      #expect(category { _ = try Artifact.read(folder) } == .noInput)
      #expect(category { _ = try Artifact.read("/dev/zero") } == .noInput)
    }
  }

  @Test func anEmptyFileIsBadData() throws {
    try withFolder { folder in
      try Data().write(to: URL(fileURLWithPath: folder + "/empty.pare"))
      #expect(category { _ = try Artifact.read(folder + "/empty.pare") } == .badData)
    }
  }

  @Test func aFileOfEnormousSizeIsRefusedUnread() throws {
    try withFolder { folder in
      let path = folder + "/sparse.pare"
      try Data().write(to: URL(fileURLWithPath: path))
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: 1 << 40)
      try handle.close()
      #expect(category { _ = try Artifact.read(path) } == .badData)
    }
  }

  @Test func whatCannotBeWrittenLeavesNothingBehind() throws {
    try withFolder { folder in
      let model = try SampleModels.small()
      #expect(category { try Artifact.write(model, to: folder + "/absent/model.pare") } == .cannotCreate)
      // A folder cannot be replaced by a file.
      try FileManager.default.createDirectory(atPath: folder + "/taken", withIntermediateDirectories: true)
      #expect(category { try Artifact.write(model, to: folder + "/taken") } == .cannotCreate)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken"])
    }
  }
}
