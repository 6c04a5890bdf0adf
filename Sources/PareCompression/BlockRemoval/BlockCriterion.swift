/// How much a block matters. In recipes a word.
public enum BlockCriterion: String, RecipeWord {
  /// 1 − cos(x, y) of what goes in, x, and what comes out, y, on average over the training part: *block influence*. One cosine for
  /// each row and position, over the channels: the second axis of a block with convolutions, else the last.
  ///
  /// Source: Men et al. 2024, arXiv:2403.03853, §3.
  case similarity
  /// Σ (y − x)² / Σ (x² + y²) over the training part, which sees a change of length as well. 0 where both are zeros.
  case distance
  /// The loss on the labels of the training part without the block.
  case loss
}
