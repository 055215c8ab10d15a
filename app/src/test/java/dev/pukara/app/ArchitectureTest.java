package dev.pukara.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Arrows between modules go one way. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.pukara");

  @Test
  void arrowsGoOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("app")
        .definedBy("dev.pukara.app..")
        .layer("eval")
        .definedBy("dev.pukara.eval..")
        .layer("rows")
        .definedBy("dev.pukara.rows..")
        .layer("train")
        .definedBy("dev.pukara.train..")
        .layer("guard")
        .definedBy("dev.pukara.guard..")
        .layer("starter")
        .definedBy("dev.pukara.starter..")
        .layer("engine")
        .definedBy("dev.pukara.engine..")
        .layer("model")
        .definedBy("dev.pukara.model..")
        .layer("kernels")
        .definedBy("dev.pukara.kernels..")
        .layer("cache")
        .definedBy("dev.pukara.cache..")
        .whereLayer("app")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("eval")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("train")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("starter")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("rows")
        .mayOnlyBeAccessedByLayers("eval", "train", "app")
        .whereLayer("guard")
        .mayOnlyBeAccessedByLayers("rows", "eval", "train", "app")
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("guard", "eval", "train", "app")
        .whereLayer("model")
        .mayOnlyBeAccessedByLayers("engine", "guard", "eval", "train", "app")
        .whereLayer("cache")
        .mayOnlyBeAccessedByLayers("kernels", "model", "engine", "guard", "starter", "app")
        .check(CLASSES);
  }

  @Test
  void onlyDiagnosticCommandsOpenModels() {
    noClasses()
        .that()
        .resideInAPackage("dev.pukara.app..")
        .and()
        .haveSimpleNameNotStartingWith("Model")
        .and()
        .haveSimpleNameNotStartingWith("Bench")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("dev.pukara.model.Llama")
        .check(CLASSES);
  }
}
