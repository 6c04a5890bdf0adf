/// How the state of a training is kept in a file while it goes on, so that it can be resumed after a kill at any moment.
///
/// The file holds all that the run needs to go on as if nothing had happened, to the bit: weights, the best weights, the
/// optimizer's moments, the order of the rows and the generator behind it, schedule, early stopping, epoch and step. It is
/// a safetensors file (docs/training.md), and always whole: a new one takes the old one's place at once.
public struct Checkpointing: Sendable {
  public var path: String
  /// How long the run goes on before the next one is written. One is always written at the start and at the end.
  public var interval: Duration
  /// Go on from the file where there is one. Without it a file that is there is an error, lest it be lost.
  public var resumes: Bool

  public init(_ path: String, every interval: Duration = .seconds(30), resumes: Bool = false) {
    self.path = path
    self.interval = interval
    self.resumes = resumes
  }
}
