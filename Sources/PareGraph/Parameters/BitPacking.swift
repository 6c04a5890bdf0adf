import PareTensor

/// Little-endian packing: element i occupies bits `i·b ..< (i+1)·b` of the stream, least significant bit first.
enum BitPacking {
  /// The smallest width that holds `count` different indices, at least 1.
  static func bitsNeeded(forCount count: Int) -> Int {
    count <= 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount
  }

  static func pack(_ indices: [Int], bits: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (indices.count * bits + 7) / 8)
    for (position, index) in indices.enumerated() {
      let start = position * bits
      var rest = UInt32(index) << UInt32(start % 8)
      var byte = start / 8
      while rest != 0 {
        bytes[byte] |= UInt8(truncatingIfNeeded: rest)
        rest >>= 8
        byte += 1
      }
    }
    return bytes
  }

  static func unpack(_ bytes: [UInt8], bits: Int, count: Int) -> [Int] {
    (0..<count).map { position in
      let start = position * bits
      var window: UInt32 = 0
      for offset in 0..<3 where start / 8 + offset < bytes.count {
        window |= UInt32(bytes[start / 8 + offset]) << UInt32(8 * offset)
      }
      return Int(window >> UInt32(start % 8)) & (1 << bits - 1)
    }
  }

  static func mask(of kept: [Int], count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
    for index in kept { bytes[index / 8] |= 1 << UInt8(index % 8) }
    return bytes
  }

  static func bits(_ bytes: [UInt8], count: Int) -> [Bool] {
    (0..<count).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
  }
}

extension Tensor {
  /// Row-major positions whose bits are not those of zero (so −0 and NaN are kept).
  var nonZeroIndices: [Int] {
    let size = elementType.byteCount
    return withUnsafeBytes { bytes in
      (0..<elementCount).filter { index in bytes[index * size..<(index + 1) * size].contains { $0 != 0 } }
    }
  }

  /// The elements at `indices`, as a vector.
  func gathered(_ indices: [Int]) -> Tensor {
    let size = elementType.byteCount
    var result = Tensor(zeros: elementType, shape: [indices.count])
    result.withUnsafeMutableBytes { to in
      withUnsafeBytes { from in
        for (position, index) in indices.enumerated() {
          for byte in 0..<size { to[position * size + byte] = from[index * size + byte] }
        }
      }
    }
    return result
  }

  /// Zeros of `shape` with this vector's elements, in order, where `mask` is true.
  func scattered(into shape: Shape, where mask: [Bool]) -> Tensor {
    let size = elementType.byteCount
    var result = Tensor(zeros: elementType, shape: shape)
    result.withUnsafeMutableBytes { to in
      withUnsafeBytes { from in
        var next = 0
        for (index, kept) in mask.enumerated() where kept {
          for byte in 0..<size { to[index * size + byte] = from[next * size + byte] }
          next += 1
        }
      }
    }
    return result
  }
}
