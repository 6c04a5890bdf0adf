import PareGraph
import PareTensor

extension ParameterStorage.Element {
  /// `F32` for plain elements, `codebook:4` for indices of four bits, `codebook:8x4` where each stands for four elements,
  /// `codebook:4@0/8` where every eight positions along axis 0 have a table of their own.
  var artifactName: String {
    switch self {
    case .plain(let type): type.artifactName
    case .codebook(let bits, let dimension, let groups):
      "codebook:\(bits)" + (dimension == 1 ? "" : "x\(dimension)") + (groups.map { "@\($0.axis)/\($0.size)" } ?? "")
    case .sign: "sign"
    }
  }

  init?(artifactName name: String) {
    if let type = ElementType(artifactName: name) {
      self = .plain(type)
    } else if name == "sign" {
      self = .sign
    } else if name.hasPrefix("codebook:"), let codebook = Self(codebook: name.dropFirst("codebook:".count)) {
      self = codebook
    } else {
      return nil
    }
  }

  /// From `4`, `8x4` or `4@0/8`.
  private init?(codebook text: Substring) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count <= 2, numbers.count <= 2, let bits = numbers[0] else { return nil }
    var (dimension, groups) = (1, TableGroups?.none)
    if numbers.count == 2 {
      guard let given = numbers[1], given > 1 else { return nil }
      dimension = given
    }
    if parts.count == 2 {
      let places = parts[1].split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard places.count == 2, let axis = places[0], let size = places[1], axis >= 0, size >= 1 else { return nil }
      groups = TableGroups(axis: axis, size: size)
    }
    self = .codebook(bits: bits, dimension: dimension, groups: groups)
  }
}
