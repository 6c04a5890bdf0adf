import PareGraph

/// The shape of a student: a network of rows or one over panels. In files by its name: `{mlp: {hidden: [16, 8]}}`, `{s3g: {width: 8}}`.
///
/// In the place of a panel's model a network of rows sees each symbol's row of each day by itself.
public enum StudentArchitecture: Sendable, Hashable {
  case rows(NetworkArchitecture)
  /// For a panel's model alone.
  case panel(PanelArchitecture)

  /// The network of rows; nil for one over panels.
  package var network: NetworkArchitecture? { if case .rows(let network) = self { network } else { nil } }

  /// In a few words.
  var words: String {
    switch self {
    case .rows(let network): network.words
    case .panel(let network): network.words
    }
  }

  func validate(at path: ParameterPath) throws {
    switch self {
    case .rows(let network): try network.validate(at: path)
    case .panel(let network): try network.validate(at: path)
    }
  }
}

extension StudentArchitecture: Codable {
  /// A name that both kinds have stands for the network of rows.
  ///
  /// - Throws: `CompressionError` for a name that neither catalogue has, with the nearest; for more than one; for what is wrong in its
  ///   settings.
  public init(from decoder: any Decoder) throws {
    let ofRows = ArchitectureCatalogue.all.map { $0.name }
    let (_, key) = try decoder.alternative(among: ofRows + PanelCatalogue.all.map { $0.name }.filter { !ofRows.contains($0) })
    self = ofRows.contains(key.stringValue) ? .rows(try NetworkArchitecture(from: decoder)) : .panel(try PanelArchitecture(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .rows(let network): try network.encode(to: encoder)
    case .panel(let network): try network.encode(to: encoder)
    }
  }
}
