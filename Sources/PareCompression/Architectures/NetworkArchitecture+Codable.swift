extension NetworkArchitecture: Codable {
  /// - Throws: `CompressionError` for a kind that the catalogue lacks, with the nearest; for more than one; for what is wrong
  ///   in its settings.
  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(among: ArchitectureCatalogue.all.map { $0.name })
    func settings<Settings: ArchitectureSettings>(_ type: Settings.Type) throws -> any ArchitectureSettings {
      try container.decode(type, forKey: key)
    }
    guard let type = ArchitectureCatalogue.all.first(where: { $0.name == key.stringValue }) else {
      preconditionFailure("a name of the catalogue, '\(key.stringValue)', has no kind")
    }
    self.init(try settings(type))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    try container.encode(settings, forKey: AnyKey(stringValue: name))
  }
}
