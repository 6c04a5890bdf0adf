import CPareKernels
import PareInference
import PareTensor
import Testing

/// Every variant of the recurrent kernels in Float32 against the scalar one, to the bit, with canaries around what they
/// write. Those on integers have their cases in C: `KernelCaseTests`.
@Suite struct RecurrentKernelTests {
  private static let hidden = [1, 3, 15, 16, 17, 31, 32, 33, 64, 100, 129]

  private var integers: [UnsafePointer<pare_recurrent_s16_kernels>] {
    var count = 0
    return UnsafeBufferPointer(start: pare_recurrent_s16_variants(&count), count: count).compactMap { $0 }
  }

  private var floats: [UnsafePointer<pare_recurrent_f32_kernels>] {
    var count = 0
    return UnsafeBufferPointer(start: pare_recurrent_f32_variants(&count), count: count).compactMap { $0 }
  }

  @Test func scalarComesFirstAndTheOthersAreNamedAfterWhatTheyNeed() throws {
    let all = integers.map { ($0.pointee.name, $0.pointee.needs) } + floats.map { ($0.pointee.name, $0.pointee.needs) }
    for (name, needs) in all {
      let variant = try #require(name)
      let set = try #require(InstructionSet(rawValue: String(cString: variant)))
      #expect(needs & ~set.extensions == 0 && (needs == 0) == (set == .scalar))
    }
    #expect(integers[0].pointee.needs == 0 && floats[0].pointee.needs == 0)
  }

  @Test(.enabled(if: InstructionSet.avx2.isAvailable, "no avx2")) func avx2EqualsScalar() { compare(.avx2) }
  @Test(.enabled(if: InstructionSet.avx512.isAvailable, "no avx512")) func avx512EqualsScalar() { compare(.avx512) }

  private func compare(_ set: InstructionSet) {
    func isOf(_ name: UnsafePointer<CChar>?) -> Bool { name.map { String(cString: $0) } == set.rawValue }
    var compared = 0
    for kernels in floats where isOf(kernels.pointee.name) {
      compareFloats(kernels.pointee)
      compared += 1
    }
    #expect(compared > 0)
  }

  // MARK: Float32

  private func compareFloats(_ kernels: pare_recurrent_f32_kernels) {
    var cases = Operands(seed: 3)
    for hidden in Self.hidden {
      for (gates, inputs, rows) in [(4, 1, 1), (3, 20, 5), (4, 33, 9), (3, 64, 4)] {
        let outputs = gates * hidden, tiles = (outputs + 15) / 16
        let room = pare_gate_count(gates, hidden), units = pare_unit_count(hidden)
        let weights = cases.floats(inputs * outputs)
        var packed = [Float](repeating: 0, count: pare_dense_f32_packed_count(outputs, inputs))
        pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, &packed)
        let layer = pare_dense_f32(
          inputs: Int32(inputs), tiles: Int32(tiles), weights: cases.place(packed),
          bias: cases.place(cases.floats(tiles * 16)), relu: 0)
        let x = cases.place(cases.floats(rows * inputs))
        let (b, c, h) = (cases.place(cases.floats(room)), cases.floats(units), cases.floats(units))
        func run(_ kernels: pare_recurrent_f32_kernels) -> [UInt32] {
          let products: [Float] = guarded(rows * room) { y in
            withUnsafePointer(to: layer) { kernels.products($0, x, inputs, rows, y, room) }
          }
          let arguments = Operands.copy(products)
          defer { arguments.deallocate() }
          var cell: [Float] = []
          let state: [Float] = guarded(units) { state in
            state.update(from: h, count: units)
            cell = guarded(units) { next in
              next.update(from: c, count: units)
              (gates == 4 ? kernels.lstm : kernels.gru)?(Int32(hidden), arguments, b, next, state)
            }
          }
          let used = (0..<rows).flatMap { products[$0 * room..<$0 * room + outputs] }
          return (used + cell.prefix(hidden) + state.prefix(hidden)).map(\.bitPattern)
        }
        let (expected, found) = (run(floats[0].pointee), run(kernels))
        #expect(found == expected, "\(hidden) units, \(gates) gates, \(inputs) inputs, \(rows) rows")
      }
    }
  }

  // MARK: -

  /// What `body` writes into `count` zeros at a multiple of 64 bytes; fails where it writes around them.
  private func guarded<Element: BitwiseCopyable>(_ count: Int, _ body: (UnsafeMutablePointer<Element>) -> Void) -> [Element] {
    let byteCount = (count * MemoryLayout<Element>.stride + 63) / 64 * 64
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + 128, alignment: 64)
    defer { block.deallocate() }
    block.initializeMemory(as: UInt8.self, repeating: 0xa5)
    let start = block.baseAddress! + 64
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    let elements = start.bindMemory(to: Element.self, capacity: count)
    body(elements)
    let intact = block[..<64].allSatisfy { $0 == 0xa5 } && block[(64 + byteCount)...].allSatisfy { $0 == 0xa5 }
    #expect(intact)
    return Array(UnsafeBufferPointer(start: elements, count: count))
  }
}

/// Memory that kernels read, drawn from a seed.
private struct Operands: ~Copyable {
  private var generator: SeededGenerator
  private var blocks: [UnsafeMutableRawPointer] = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  deinit {
    for block in blocks { block.deallocate() }
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }

  mutating func place<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
    let start = Self.copy(values)
    blocks.append(UnsafeMutableRawPointer(start))
    return UnsafePointer(start)
  }

  static func copy<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let block = UnsafeMutableRawPointer.allocate(byteCount: values.count * MemoryLayout<Element>.stride, alignment: 64)
    let start = block.bindMemory(to: Element.self, capacity: values.count)
    start.initialize(from: values, count: values.count)
    return start
  }
}
