import PareTensor
import RealModule

extension ParameterStorage.Section {
  /// Bits of the items if each took log2(count of all / count of its value): what a code under their frequencies cannot stay below, its
  /// tables aside, unless it sees what follows what. Items of more than eight bits count byte by byte.
  package var entropyBits: Double {
    let planes = SymbolPlanes(itemBits: itemBits, count: itemCount, group: 1)
    return tensor.withUnsafeBytes { bytes in
      planes.widths.enumerated().reduce(0) { sum, plane in
        let counts = SectionCoding.histogram(planes.symbols(of: bytes, plane: plane.offset), symbolBits: plane.element)
        return counts.reduce(sum) { sum, count in
          count == 0 ? sum : sum + Double(count) * Double.log2(Double(itemCount) / Double(count))
        }
      }
    }
  }
}
