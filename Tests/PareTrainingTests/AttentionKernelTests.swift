import CPareKernels
import PareTensor
import PareTraining
import Testing

/// The kernels of attention and of row normalization, every variant against plain C, to the bit.
struct AttentionKernelTests {
  private let plain: TrainingKernels

  init() throws {
    plain = try #require(TrainingKernels.variants.first?.kernels)
  }

  private func kernels(_ name: String) throws -> TrainingKernels {
    guard let kernels = TrainingKernels.variants.first(where: { $0.name == name })?.kernels else {
      try Test.cancel("this processor has no \(name)")
    }
    return kernels
  }

  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  /// Runs `body` on memory with canaries on either side, and gives what it wrote.
  private func guarded(_ count: Int, initial: Float = 0, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [UInt32] {
    let canary: Float = 12345
    var memory = [Float](repeating: canary, count: 16) + [Float](repeating: initial, count: count)
    memory += [Float](repeating: canary, count: 16)
    memory.withUnsafeMutableBufferPointer { body($0.baseAddress! + 16) }
    #expect(memory.prefix(16).allSatisfy { $0 == canary } && memory.suffix(16).allSatisfy { $0 == canary }, "written beyond the array")
    return memory.map(\.bitPattern)
  }

  @Test(arguments: KernelTests.variantNames)
  func productsEqualPlainC(variant: String) throws {
    let other = try kernels(variant)
    for (rows, depth, columns, count) in [(1, 1, 1, 1), (37, 2, 1, 2), (37, 4, 1, 2), (3, 2, 5, 4), (8, 16, 16, 2), (9, 7, 33, 3), (50, 16, 50, 2), (17, 50, 31, 2), (5, 3, 48, 1)] {
      let (a, b) = (numbers(count * rows * depth, seed: 1), numbers(count * depth * columns, seed: 2))
      // Either operand as it is, or transposed.
      for (aRow, aDepth) in [(depth, 1), (1, rows)] {
        for (bDepth, bColumn) in [(columns, 1), (1, depth)] {
          func run(_ kernels: TrainingKernels) -> [UInt32] {
            guarded(count * rows * columns) { c in
              _ = guarded(depth * pare_padded(columns) + 16) { scratch in
                kernels.attention.products(
                  a, aRow, aDepth, rows * depth, b, bDepth, bColumn, depth * columns, c, rows, depth, columns, count, scratch)
              }
            }
          }
          #expect(run(other) == run(plain), "\(rows)×\(depth)×\(columns)")
        }
      }
    }
  }

  @Test(arguments: KernelTests.variantNames)
  func attentionEqualsPlainC(variant: String) throws {
    let other = try kernels(variant)
    for (queries, keys, size, valueSize) in [(1, 1, 1, 1), (3, 5, 2, 3), (16, 16, 16, 16), (50, 50, 16, 16), (7, 33, 20, 9), (20, 3, 5, 32)] {
      let (q, k, v) = (numbers(queries * size, seed: 1), numbers(keys * size, seed: 2), numbers(keys * valueSize, seed: 3))
      let dy = numbers(queries * valueSize, seed: 4)
      let width = pare_padded(keys)
      // The first query sees nothing, the others what lies before them.
      let mask = (0..<queries * width).map { $0 % width >= $0 / width ? -Float.infinity : 0 }
      for hasMask in [false, true] {
        func run(_ kernels: TrainingKernels, adds: Bool) -> [[UInt32]] {
          q.withUnsafeBufferPointer { q in
            k.withUnsafeBufferPointer { k in
              v.withUnsafeBufferPointer { v in
                mask.withUnsafeBufferPointer { mask in
                  var head = pare_attention_head(
                    q: q.baseAddress, k: k.baseAddress, v: v.baseAddress, bias: hasMask ? mask.baseAddress : nil,
                    q_stride: size, k_stride: size, v_stride: valueSize, queries: queries, keys: keys, size: size,
                    value_size: valueSize, scale: 0.4)
                  var results: [[UInt32]] = []
                  _ = guarded(pare_attention_scratch(queries, keys, size, valueSize)) { scratch in
                    results.append(guarded(queries * valueSize) { kernels.attention.attention(&head, $0, valueSize, scratch) })
                    results.append(
                      guarded(queries * size) { dq in
                        results.append(
                          guarded(keys * size, initial: 1) { dk in
                            results.append(
                              guarded(keys * valueSize, initial: 1) { dv in
                                kernels.attention.attention_gradient(&head, dy, valueSize, dq, dk, dv, adds, scratch)
                              })
                          })
                      })
                  }
                  return results
                }
              }
            }
          }
        }
        for adds in [false, true] {
          #expect(run(other, adds: adds) == run(plain, adds: adds), "\(queries)×\(keys), \(size), \(valueSize)")
        }
      }
    }
  }

  @Test(arguments: KernelTests.variantNames)
  func rowNormalizationsEqualPlainC(variant: String) throws {
    let other = try kernels(variant)
    for (rows, columns) in [(1, 1), (3, 5), (2, 16), (5, 17), (4, 64), (3, 100)] {
      let (x, dy) = (numbers(rows * columns, seed: 1), numbers(rows * columns, seed: 2))
      let (scale, bias) = (numbers(columns, seed: 3), numbers(columns, seed: 4))
      for centers in [false, true] {
        for hasBias in [false, true] {
          func run(_ kernels: TrainingKernels) -> [[UInt32]] {
            bias.withUnsafeBufferPointer { bias in
              let kernels = kernels.rowNormalization
              var results: [[UInt32]] = []
              results.append(
                guarded(rows * columns) {
                  kernels.normalize(x, scale, hasBias ? bias.baseAddress : nil, 1e-5, centers, $0, rows, columns)
                })
              results.append(
                guarded(rows * columns) { dx in
                  results.append(
                    guarded(columns) { dscale in
                      results.append(
                        guarded(columns) { dbias in
                          _ = guarded(columns) {
                            kernels.gradient(
                              dy, x, scale, 1e-5, centers, dx, dscale, hasBias ? dbias : nil, rows, columns, $0)
                          }
                        })
                    })
                })
              return results
            }
          }
          #expect(run(other) == run(plain), "\(rows)×\(columns)")
        }
      }
    }
  }
}
