import Foundation
import PareCompression
import Testing

@Suite struct ArticleTests {
  static let folder = URL(filePath: #filePath).appending(path: "../../../docs/techniques").standardized

  @Test func everyTechniqueHasAnArticleWithARecipeThatUsesIt() throws {
    for technique in TechniqueCatalogue.all {
      let text = try String(contentsOf: Self.folder.appending(path: "\(technique.name).md"), encoding: .utf8)
      let recipes = try Self.recipes(in: text)
      #expect(recipes.contains { $0.steps.contains { type(of: $0).name == technique.name } }, "\(technique.name)")
    }
  }

  @Test func theRecipeOfTheOverviewIsTheOneInSwift() throws {
    let text = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    #expect(try Self.recipes(in: text) == [RecipeTests.swift])
  }

  /// The recipes in a text's YAML blocks.
  static func recipes(in text: String) throws -> [Recipe] {
    try text.components(separatedBy: "```yaml\n").dropFirst().map { block in
      try Recipe(yaml: block.components(separatedBy: "```")[0])
    }
  }
}
