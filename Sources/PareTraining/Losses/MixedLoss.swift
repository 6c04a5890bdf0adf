import PareGraph

/// `α · hard + (1 − α) · soft`, with a share α that may move while training goes on. A part whose share is always 0 asks for nothing.
public struct MixedLoss: Loss {
  /// α, in `0 ... 1`.
  public var share: Scheduled
  public var hard: any Loss
  public var soft: any Loss

  public init(share: Scheduled, hard: any Loss, soft: any Loss) {
    (self.share, self.hard, self.soft) = (share, hard, soft)
  }

  public var mixesRows: Bool { share != .constant(1) && soft.mixesRows || share != .constant(0) && hard.mixesRows }

  public func append(to builder: inout GraphBuilder) throws -> String {
    try share.validate("hard-weight", "hard weight", "a fraction in 0 ... 1") { (0...1).contains($0) }
    if share == .constant(1) { return try hard.append(to: &builder) }
    if share == .constant(0) { return try soft.append(to: &builder) }
    let (hard, soft) = (try hard.append(to: &builder), try soft.append(to: &builder))
    let alpha = try builder.factor(share, like: hard)
    return try builder.apply("Add", [builder.scaled(hard, by: alpha), builder.scaled(soft, by: builder.complement(of: alpha))])
  }
}
