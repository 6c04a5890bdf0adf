/// What a technique does to a model's weights, as far as it matters for what comes before and after it in a recipe.
public struct WeightEffects: Sendable, Hashable {
  /// Something that weights can have and a later step can spoil.
  public enum Property: String, Sendable, Hashable, CaseIterable {
    case zeros
    case sharedValues = "shared values"
    case integers
    case coding = "entropy coding"
  }

  /// Whether it has nothing to do where no layer has Float32 weights.
  public var needsRealWeights: Bool
  /// What the weights of every layer have afterwards.
  public var makes: Set<Property>
  /// What they lose, with the reason. Coding, where they are not given it: whatever changes weights stores them anew.
  public var undoes: [Property: String]

  public init(needsRealWeights: Bool = true, makes: Set<Property> = [], undoes: [Property: String] = [:]) {
    self.needsRealWeights = needsRealWeights
    self.makes = makes
    self.undoes = undoes
    if !makes.contains(.coding), undoes[.coding] == nil {
      self.undoes[.coding] = "what it changes is stored anew, without a code"
    }
  }

  /// Whether it puts another network in the place of the one that there is, of which it keeps nothing.
  package var renews: Bool { undoes == Self.renewal }

  /// Training that follows a cut moves every weight by itself.
  static func training(_ fineTuning: FineTuning?) -> [Property: String] {
    fineTuning == nil ? [:] : [.sharedValues: "training gives each weight a value of its own"]
  }

  /// A network takes the place of the one that there was.
  static let renewal: [Property: String] = Dictionary(
    uniqueKeysWithValues: Property.allCases.map { ($0, "another network takes the place of the one that had them") })
}
