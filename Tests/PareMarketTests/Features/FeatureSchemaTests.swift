import Foundation
import PareMarket
import Testing

@Suite struct FeatureSchemaTests {
  @Test func theStandardSchemaHasTwentyFeaturesInUnder700Bytes() throws {
    let schema = try FeatureSchema(interval: .fiveMinutes)
    let json = try JSONEncoder().encode(schema)
    #expect(schema.width == 20)
    #expect(Set(schema.columns).count == 20)
    #expect(json.count < 700)
    #expect(try JSONDecoder().decode(FeatureSchema.self, from: json) == schema)
  }

  @Test func coarserCandlesAddAllButTheClock() throws {
    let schema = try FeatureSchema(interval: .fiveMinutes, coarser: [.fifteenMinutes, .oneHour])
    #expect(schema.width == 20 + 2 * 18)
    #expect(schema.columns.count == schema.width)
    #expect(schema.columns[20] == "15/return(1)")
    #expect(schema.warmUp == 21 * 12 + 11)
    let json = try JSONEncoder().encode(schema)
    #expect(try JSONDecoder().decode(FeatureSchema.self, from: json) == schema)
  }

  @Test func aWindowIsWrittenOnlyWhereThereIsOne() throws {
    let schema = try FeatureSchema(interval: .fiveMinutes, features: [.body, .return(3)], window: 16)
    #expect(schema.rowShape == [16, 2] && schema.rowLength == 32 && schema.width == 2)
    #expect(schema.warmUp == 4 + 15)
    let json = try JSONEncoder().encode(schema)
    #expect(try JSONDecoder().decode(FeatureSchema.self, from: json) == schema)
    let newest = try JSONEncoder().encode(FeatureSchema(interval: .fiveMinutes, features: [.body]))
    #expect(!String(decoding: newest, as: UTF8.self).contains("window"))
    #expect { try FeatureSchema(interval: .fiveMinutes, window: 0) } throws: {
      "\($0)".contains("features.window: expected 1 to 10000 candles, found 0")
    }
  }

  @Test func everyNameReadsBackAsItsFeature() throws {
    for feature in Feature.standard { #expect(try Feature(name: feature.description) == feature) }
  }

  @Test(arguments: [
    #"{"version":2,"interval":"5","features":["body"]}"#, #"{"version":1,"interval":"M","features":["body"]}"#,
    #"{"version":1,"interval":"5","features":[]}"#, #"{"version":1,"interval":"5","features":["body","body"]}"#,
    #"{"version":1,"interval":"5","features":["retrun(1)"]}"#, #"{"version":1,"interval":"5","features":["return"]}"#,
    #"{"version":1,"interval":"5","features":["return(0)"]}"#, #"{"version":1,"interval":"5","features":["return(1"]}"#,
    #"{"version":1,"interval":"5","features":["volatility(1)"]}"#,
    #"{"version":1,"interval":"5","features":["return(99999999999999999999)"]}"#,
    #"{"version":1,"interval":"5","features":["return(10001)"]}"#,
    #"{"version":1,"interval":"5","coarser":["5"],"features":["body"]}"#,
    #"{"version":1,"interval":"60","coarser":["15"],"features":["body"]}"#,
    #"{"version":1,"interval":"5","coarser":["W"],"features":["body"]}"#,
  ]) func aSchemaThatCannotBeMetIsRefused(json: String) {
    #expect(throws: MarketError.self) { try JSONDecoder().decode(FeatureSchema.self, from: Data(json.utf8)) }
  }

  @Test func anUnknownFeatureIsNamed() {
    #expect { try Feature(name: "retrun(1)") } throws: { "\($0)".hasSuffix("found 'retrun(1)'") }
  }
}
