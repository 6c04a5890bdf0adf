import Foundation
import PareArrays
import PareArtifact
import PareTensor
import Testing

@Suite struct NPZTests {
  private let arrays: [(name: String, tensor: Tensor)] = [
    ("x", Tensor([Float(1), 2, 3, 4], shape: [2, 2])), ("a/b", Tensor([Int64(-1)])), ("empty", Tensor([UInt8](), shape: [0, 3])),
  ]

  /// `numpy.savez_compressed(f, z=numpy.zeros((40, 2), "<f4"))`, whose local header has the sizes in an extra field.
  private static let deflated = Data(
    base64Encoded: """
      UEsDBC0AAAAIAAAAIQDFIWyH//////////8FABQAei5ucHkBABAAwAEAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKu
      o6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiYGOgpGmjoKtQrkAi6GUUARAABQSwECLQMtAAAACAAAACEAxSFsh0wAAADAAQAABQAA
      AAAAAAAAAAAAgAEAAAAAei5ucHlQSwUGAAAAAAEAAQAzAAAAgwAAAAAA
      """, options: .ignoreUnknownCharacters)

  private func dictionary(_ arrays: [(name: String, tensor: Tensor)]) -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, $0.tensor) })
  }

  @Test func arraysComeBackUnderTheirNames() throws {
    #expect(try NPZ.decode(NPZ.encode(arrays)) == dictionary(arrays))
  }

  @Test func whatNumPyDeflatedIsRead() throws {
    let bytes = Array(try #require(Self.deflated))
    #expect(try NPZ.decode(bytes) == ["z": Tensor(zeros: .float32, shape: [40, 2])])
  }

  @Test func aTruncatedArchiveIsRefusedAtEveryLength() throws {
    for bytes in [try NPZ.encode(arrays), Array(try #require(Self.deflated))] {
      for length in 0..<bytes.count { #expect(throws: ArtifactError.self) { try NPZ.decode(Array(bytes.prefix(length))) } }
    }
  }

  @Test func everyDamagedByteOfContentIsSeen() throws {
    let bytes = try NPZ.encode([arrays[0]])
    let content = try NPY.encode(arrays[0].tensor)
    let start = try #require((0..<bytes.count).first { bytes[$0...].starts(with: content) })
    for index in content.indices {
      var damaged = bytes
      damaged[start + index] ^= 0x10
      #expect(throws: ArtifactError.self) { try NPZ.decode(damaged) }
    }
  }

  @Test func sizesThatDeflateCannotReachAreRefusedUnread() throws {
    var bytes = Array(try #require(Self.deflated))
    let list = try #require((0..<bytes.count - 4).first { bytes[$0...].starts(with: [0x50, 0x4b, 1, 2]) })
    bytes.replaceSubrange(list + 24..<list + 28, with: [0xff, 0xff, 0xff, 0x7f])
    let error = #expect(throws: ArtifactError.self) { try NPZ.decode(bytes) }
    #expect(error?.code == "artifact.archive")
  }

  @Test func mutationsOfAnArchiveNeverEndTheProgram() throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["FUZZ_COUNT"].flatMap { Int($0) } ?? 5000
    var generator = SeededGenerator(seed: environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    for original in [try NPZ.encode(arrays), Array(try #require(Self.deflated))] {
      for _ in 0..<count {
        var bytes = original
        for _ in 0...Int(generator.uniform() * 3) {
          bytes[Int(generator.uniform() * Double(bytes.count))] = UInt8(generator.uniform() * 256)
        }
        _ = try? NPZ.decode(bytes)
      }
    }
  }
}
