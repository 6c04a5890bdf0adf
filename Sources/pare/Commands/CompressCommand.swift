import ArgumentParser
import PareEvaluation

struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Applies a recipe to a model; no experiment is needed.",
    discussion: """
      Rows for calibration and training are in order of time: the last fifth only stops training early.

      Examples:
        pare compress teacher.pare --recipe examples/pruned-int8.recipe.yaml --calibration rows.npy --output small.pare
        pare compress teacher.pare --recipe student.yaml --calibration rows.npy --labels labels.npy --output student.pare
        pare compress model.onnx --recipe int8.yaml --calibration window=windows.npy --output model-int8.onnx
      """)

  @OptionGroup var common: CompressionArguments

  @Option(name: .long, help: ArgumentHelp("The recipe (YAML or JSON).", valueName: "file"))
  var recipe: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What training on labels learns, one per row: class indices, or numbers for a model that yields numbers.",
      valueName: "file.npy"))
  var labels: String?

  @Option(name: .long, help: ArgumentHelp("The model to distil from, where it is not the model itself.", valueName: "file"))
  var teacher: String?

  @Option(name: .long, help: "Share of the rows, the last ones, that only stop training early.")
  var validationShare = 0.2

  func run() throws {
    try common.apply(
      try RecipeFile.read(recipe), teacher: teacher, labels: labels, validationShare: validationShare)
  }
}
