import Foundation
import PareArrays
import PareArtifact
import PareTensor
import Testing

@Suite struct NPYTests {
  private func file(_ header: String, version: UInt8 = 1, data: [UInt8]) -> [UInt8] {
    let length = header.utf8.count
    let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + Array(header.utf8) + data
  }

  private func refusal(_ bytes: [UInt8]) -> String? {
    do {
      _ = try NPY.decode(bytes)
      return nil
    } catch { return (error as? ArtifactError)?.code ?? "\(error)" }
  }

  @Test(arguments: ElementType.allCases.filter { $0 != .bfloat16 && !$0.isFourBit }, [[], [3], [2, 3], [2, 0], [2, 1, 2]])
  func everyTypeAndRankComesBack(type: ElementType, dimensions: [Int]) throws {
    var tensor = Tensor(zeros: type, shape: Shape(dimensions))
    tensor.withUnsafeMutableBytes { bytes in
      for index in bytes.indices { bytes[index] = type == .bool ? UInt8(index % 2) : UInt8(truncatingIfNeeded: 37 &* index &+ 1) }
    }
    let bytes = try NPY.encode(tensor)
    #expect((bytes.count - tensor.byteCount) % 64 == 0)
    #expect(try NPY.decode(bytes) == tensor)
  }

  @Test(arguments: [1, 2, 3] as [UInt8])
  func everyVersionIsRead(version: UInt8) throws {
    let header = "{'shape': (2,), \"fortran_order\": False, 'descr': '<i2'}\n"
    let tensor = try NPY.decode(file(header, version: version, data: [1, 0, 254, 255]))
    #expect(tensor == Tensor([1, -2] as [Int16]))
  }

  @Test func fortranOrderIsTransposed() throws {
    let matrix = try NPY.decode(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", data: [1, 4, 2, 5, 3, 6]))
    #expect(matrix == Tensor([1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 3]))
    let cube = try NPY.decode(
      file("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3, 2), }", data: (0..<12).flatMap { [UInt8($0), 0] }))
    // Element [i, j, k] stands at i + 2j + 6k.
    #expect(cube == Tensor([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11] as [UInt16], shape: [2, 3, 2]))
    let empty = try NPY.decode(file("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 3), }", data: []))
    #expect(empty.shape == [0, 3])
  }

  @Test func aTruncatedArrayIsRefusedAtEveryLength() throws {
    let bytes = try NPY.encode(Tensor([1, 2, 3] as [Float]))
    for length in bytes.indices { #expect(refusal(Array(bytes[..<length]))?.hasPrefix("artifact.") == true) }
    #expect(refusal(bytes + [0]) == "artifact.trailing")
  }

  @Test func everyFlippedBitOfTheHeaderEndsInAnArrayOrAnError() throws {
    var bytes = try NPY.encode(Tensor([1, 2, 3] as [Float]))
    for bit in 0..<8 * 128 {
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(refusal(bytes)?.hasPrefix("artifact.") ?? true)
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
  }

  @Test(arguments: [
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "element-type"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "element-type"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "header"),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", "header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }", "header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }", "truncated"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", "shape"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904, 8), }", "shape"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", "truncated"),
    ("{'descr': '<f4', 'fortran_order': False}", "header"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "header"),
    ("", "header"),
  ])
  func aHostileHeaderIsRefused(header: String, code: String) {
    #expect(refusal(file(header, data: [0, 0, 0, 0])) == "artifact." + code)
  }

  @Test func fourBitsAreWrittenAsEight() throws {
    let signed = Tensor(packedFourBits: [0x8f, 0x07], elementType: .int4, shape: [3])
    #expect(try NPY.decode(NPY.encode(signed)) == Tensor([-1, -8, 7] as [Int8]))
    let unsigned = Tensor(packedFourBits: [0x8f, 0x07], elementType: .uint4, shape: [3, 1])
    #expect(try NPY.decode(NPY.encode(unsigned)) == Tensor([15, 8, 7] as [UInt8], shape: [3, 1]))
  }

  @Test func whatNumPyLacksIsRefused() {
    #expect(throws: ArtifactError.self) { try NPY.encode(Tensor(zeros: .bfloat16, shape: [1])) }
    #expect(refusal(file("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", data: [2])) == "artifact.boolean")
    #expect(refusal(Array("start_ms,open".utf8)) == "artifact.header")
    #expect(refusal(file("{}", version: 4, data: [])) == "artifact.header")
  }

  /// `numpy.array(["BTC", "ä"])`, and the same as bytes: characters by number, zeros behind their ends.
  @Test func textsAreReadAsTheirCharacters() throws {
    func file(_ descriptor: String, _ content: [UInt8]) -> [UInt8] {
      let header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (2,), }".padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
      let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
      return start + Array(header.utf8) + content
    }
    let letters: [UInt32] = [66, 84, 67, 0xe4, 0, 0]
    let wide: [UInt8] = letters.flatMap { letter in (0..<4).map { UInt8(truncatingIfNeeded: letter >> (8 * $0)) } }
    #expect(try NPY.decode(file("<U3", wide)) == Tensor(letters, shape: [2, 3]))
    #expect(try NPY.decode(file("|S3", [66, 84, 67, 97, 0, 0])) == Tensor([UInt8(66), 84, 67, 97, 0, 0], shape: [2, 3]))
    let damaged: [(String, [UInt8])] = [
      ("<U3", Array(wide.dropLast())), ("<U-1", []), ("<Ux", wide), ("<U9223372036854775807", wide),
    ]
    for (descriptor, content) in damaged {
      #expect(throws: ArtifactError.self) { try NPY.decode(file(descriptor, content)) }
    }
  }

  @Test func anArrayGoesToDiskAndBack() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).npy").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NPY.write(Tensor([1, 2] as [Double]), to: path)
    #expect(try NPY.read(path) == Tensor([1, 2] as [Double]))
    #expect((#expect(throws: ArtifactError.self) { try NPY.read("/dev/zero") })?.category == .noInput)
  }
}
